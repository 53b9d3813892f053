#include "serial.h"

#include "x86.h"

#define COM1 0x3F8

/* Register offsets: PC16550D data sheet, table II. */
enum uart_register {
    UART_DATA = 0, /* with LCR_DLAB: divisor, low byte */
    UART_IER = 1,  /* with LCR_DLAB: divisor, high byte */
    UART_FCR = 2,  /* write */
    UART_IIR = 2,  /* read */
    UART_LCR = 3,
    UART_MCR = 4,
    UART_LSR = 5,
    UART_SCR = 7,
};

#define FCR_ENABLE 0x01
#define FCR_CLEAR_RECEIVER 0x02
#define FCR_CLEAR_TRANSMITTER 0x04
#define IIR_FIFO_ENABLED 0xC0
#define LCR_8N1 0x03
#define LCR_DLAB 0x80
#define MCR_DTR 0x01
#define MCR_RTS 0x02
#define LSR_THRE 0x20 /* the FIFO is empty */
#define LSR_TEMT 0x40 /* and the last bit is on the wire */

#define CLOCK_BAUD 115200
#define BAUD 115200
#define FIFO_BYTES 16

/*
 * Polls of a register, about a microsecond each on hardware: some 3 s, where a full FIFO takes 1.4 ms. Long, because
 * what waits on the other end of a virtual machine's port may be a program that is busy.
 */
#define PATIENCE_POLLS 3000000

struct uart {
    bool present;
    unsigned fifo_bytes;
    unsigned room;     /* bytes that can be written without asking */
    uint32_t patience; /* halves with each wait in vain: all of them together take twice the first */
};

static struct uart com1;

static uint8_t read_register(enum uart_register r) { return inb((uint16_t)(COM1 + r)); }
static void write_register(enum uart_register r, uint8_t value) { outb((uint16_t)(COM1 + r), value); }

static bool wait_for(struct uart *uart, uint8_t line_status)
{
    for (uint32_t polls = 0; polls <= uart->patience; polls++) {
        if (read_register(UART_LSR) & line_status)
            return true;
        pause();
    }
    uart->patience /= 2;
    return false;
}

/* Reads back two values from the register that means nothing. An absent port reads as 0xFF. */
static bool scratch_works(void)
{
    static const uint8_t patterns[] = { 0x5A, 0xA5 };

    for (unsigned i = 0; i < sizeof(patterns); i++) {
        write_register(UART_SCR, patterns[i]);
        (void)read_register(UART_LSR); /* something else on the data lines in between */
        if (read_register(UART_SCR) != patterns[i])
            return false;
    }
    return true;
}

bool serial_init(void)
{
    com1 = (struct uart){ .present = scratch_works(), .patience = PATIENCE_POLLS };
    if (!com1.present)
        return false;

    (void)wait_for(&com1, LSR_TEMT); /* what the firmware wrote last shall not be lost */
    write_register(UART_IER, 0);
    write_register(UART_LCR, LCR_DLAB);
    write_register(UART_DATA, CLOCK_BAUD / BAUD);
    write_register(UART_IER, CLOCK_BAUD / BAUD >> 8);
    write_register(UART_LCR, LCR_8N1);
    write_register(UART_FCR, FCR_ENABLE | FCR_CLEAR_RECEIVER | FCR_CLEAR_TRANSMITTER);
    write_register(UART_MCR, MCR_DTR | MCR_RTS);
    com1.fifo_bytes = (read_register(UART_IIR) & IIR_FIFO_ENABLED) == IIR_FIFO_ENABLED ? FIFO_BYTES : 1;
    return true;
}

static void write_byte(struct uart *uart, uint8_t byte)
{
    if (!uart->room) {
        if (!wait_for(uart, LSR_THRE))
            return;
        uart->room = uart->fifo_bytes;
    }
    write_register(UART_DATA, byte);
    uart->room--;
}

static void serial_write(const struct sink *sink, const char *text, size_t bytes)
{
    (void)sink;
    if (!com1.present)
        return;
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '\n')
            write_byte(&com1, '\r');
        write_byte(&com1, (uint8_t)text[i]);
    }
}

const struct sink *serial_sink(void)
{
    static const struct sink sink = { serial_write };

    return &sink;
}
