#include "files.h"

#include "device_path.h"
#include "utf16.h"

/* The directory of the image, from the path that it was loaded by. */
static void find_directory(const struct firmware *fw, char ret[FILE_PATH_MAX])
{
    uint16_t wide[FILE_PATH_MAX / 3];
    char text[FILE_PATH_MAX];
    const size_t units = device_path_file(fw->loaded->FilePath, wide, ARRAY_LENGTH(wide));
    const size_t bytes = utf16_to_utf8(wide, units, text, sizeof text);
    size_t length;

    if (boot_path_normalise(text, bytes, "/", 1, ret, FILE_PATH_MAX, &length) != BOOT_PATH_OK) {
        ret[0] = '/';
        length = 1;
    }
    ret[boot_path_directory_bytes(ret, length)] = 0;
}

void files_open(struct firmware *fw, struct files *ret)
{
    *ret = (struct files){ .fw = fw, .image_volume = fw->loaded->DeviceHandle, .home = fw->loaded->DeviceHandle };
    find_directory(fw, ret->directory);
}
