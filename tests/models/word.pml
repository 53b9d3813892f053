/*
 * One word of two frames, whose area has no other words that matter: mm/pmm_free.c, and what mm/pmm_area.c, pmm_huge.c
 * do with words. CPUs call in any order and without end, as far as their roles go:
 *
 *   HOLD   take a frame, after a claim of the word if need be; free privately, or as FREE; go on to other words
 *   FREE   free as somebody who does not hold the word
 *   HUGE   take or free both frames as a 2 MiB frame
 *   LAST   stop all, take back what they hold, take a frame
 *
 * Frame L is freed by who has it, once: a CPU that took it, or one that was told so, by a store. Frame R is freed by
 * anybody at any time, allocated or not, once or by several at once; so is R as a part of both.
 *
 *   - L is never handed out while somebody has it, and freeing it succeeds.
 *   - No more frees of one frame by two are noted at a time than there is room for.
 *   - When nobody is in a call, R is free exactly if as many frees of it succeeded as allocations: of two that race one
 *     succeeds, and what is free is not freed. Nothing is noted any more then.
 *
 * NO_PUT, NO_EXCLUSIVE: HOLD frees nothing privately into a put word, or the get word. KEEP_L: L is never freed.
 * NO_CHANGE, NO_NEXT: no get area is given up before it is full, no get word left for another one.
 *
 * Left to other models: `others are stopped` is one step here, possible while none of them is inside (stop.pml); an
 * area of nobody's may be claimed whether or not it is listed (area.pml). Owner bytes that CPUs share (beyond 250) are
 * not modelled; neither is `shared_area`, whose only effect is that a CPU does not free privately where it might.
 *
 * Run holder: -DN_CPUS=2 -DHOLD=1 -DFREE=2
 * Run holders: -DN_CPUS=2 -DHOLD=3 -DFREE=0 -DDEPTH=3
 * Run two_free: -DN_CPUS=3 -DHOLD=1 -DFREE=6 -DNO_PUT -DKEEP_L -DNO_CHANGE -DDEPTH=3
 * Run two_free_puts: -DN_CPUS=3 -DHOLD=1 -DFREE=6 -DNO_EXCLUSIVE -DKEEP_L -DNO_CHANGE -DNO_NEXT -DDEPTH=2
 * Run huge: -DN_CPUS=2 -DHOLD=1 -DFREE=2 -DHUGE=3 -DDEPTH=3
 * Run huge_last: -DN_CPUS=2 -DHOLD=0 -DFREE=2 -DHUGE=3 -DLAST=1 -DDEPTH=3
 * Run three_huge: -DN_CPUS=3 -DHOLD=2 -DFREE=4 -DHUGE=1 -DDEPTH=3
 * Run two_free_huge: -DN_CPUS=3 -DHOLD=0 -DFREE=6 -DHUGE=1 -DDEPTH=3
 * Run last: -DN_CPUS=2 -DHOLD=1 -DFREE=2 -DLAST=2 -DDEPTH=3
 * Bug 1 (holder): the holder is not looked at before the bit is cleared
 * Bug 2 (holder): the holder is not looked at after the bit is cleared
 * Bug 3 (holder): `get_free` does not say "maybe all" during a claim
 * Bug 4 (holder): what is free is taken before frees into the get word are said to be private
 * Bug 5 (holder): what is free is taken before it is said who holds the put word
 * Bug 6 (holder): frames freed twice are not noted when a word is given back
 * Bug 7 (holder): who cleared a bit does not ask whether it came late
 * Bug 8 (holder): a put word is given up before its frames are given back
 * Bug 9 (holder): what was freed twice stays 0 in the bitmap
 * Bug 10 (holder): what is privately free may be freed again by others
 * Bug 11 (holder): who may free privately from now on does not take what is free in the bitmap
 * Bug 12 (holder): the owner is not read again after the bit is cleared
 * Bug 13 (huge): a 2 MiB frame that was given back is nobody's before its bits are restored
 * Bug 14 (holder): the word's bits are taken by a load and a store
 * Bug 15 (two_free): a bit is cleared by a load and a store
 * Bug 16 (holder): the words of an area never written are used as they are
 * Bug 17 (huge): the answer does not know of 2 MiB frames that were given back
 * Bug 18 (huge_last): a stop does its own work before it answers
 * Bug 19 (huge): the words of a 2 MiB frame that was given back are cleared by stores
 * Bug 20 (holder): the answer does not look whether the bit is 1 again
 * Bug 21 (holder): frames freed twice are not noted when frees become private
 * Bug 22 (huge): bits of a 2 MiB frame that was given back are trusted
 * Bug 23 (huge): a bit that is restored when a 2 MiB frame is handed out again is not noted
 * Reach 1 (holder): somebody comes late
 * Reach 2 (holder): the look before the bit is cleared leads to a stop
 * Reach 3 (holder): the look after leads to a stop, and the frame was not freed twice
 * Reach 4 (holder): the same, and it was freed twice
 * Reach 5 (huge): a 2 MiB frame was given back, and is handed out again while somebody frees one of its frames
 * Reach 6 (huge): the same, and it is claimed for single frames
 * Reach 7 (huge_last): a question is answered by who stops all for something else
 * Reach 8 (holder): a frame was both free in the bitmap and privately when frees become private
 */
#ifndef BUG
#define BUG 0
#endif
#ifndef REACH
#define REACH 0
#endif
#ifndef HUGE
#define HUGE 0
#endif
#ifndef LAST
#define LAST 0
#endif
#define MAY(role) (role & 1 << me)

#define R 1 /* the bits in the word */
#define L 2
#define FULL 3

#define OK 0
#define DOUBLE 1

#define NONE 0
#define OWNED(cpu) ((cpu) + 1)
#define OWNER_BUSY 6
#define OWNER_FREE 7
#define UNWRITTEN 8
#define FREED 9

#define BITS 0
#define OWNER 1
#define IN_FREE_AREAS 2
#define N_LATE 3
#define L_OUT 4 /* somebody passes L on */
#define GET_WORD(cpu) (5 + 5 * (cpu)) /* 1: this one */
#define EXCLUSIVE(cpu) (6 + 5 * (cpu))
#define GET_FREE(cpu) (7 + 5 * (cpu))
#define PUT_WORD(cpu) (8 + 5 * (cpu))
#define PUT_FREE(cpu) (9 + 5 * (cpu))
#define N_PLACES (5 + 5 * N_CPUS)
#ifndef DEPTH
#define DEPTH 4
#endif
#include "tso.h"

bit inside[N_CPUS];
byte n_calls;
byte late_r; /* entries of R; L is never freed twice */
byte asked[N_CPUS];
bit was_allocated[N_CPUS];
short net_r; /* allocations less successful frees */
bit has_l;   /* somebody has it */
bit owns_get[N_CPUS], owns_put[N_CPUS]; /* get_area, put_area */

#define IS_STOPPED(cpu) (!inside[cpu] && ALL_STORED(cpu))
#define HELD(cpu) ((memory[GET_WORD(cpu)] -> memory[GET_FREE(cpu)] : 0) | \
    (memory[PUT_WORD(cpu)] -> memory[PUT_FREE(cpu)] : 0))
#if N_CPUS == 2
#define ALL_STOPPED (IS_STOPPED(0) && IS_STOPPED(1))
#define HELD_BY_ANY (HELD(0) | HELD(1))
#else
#define ALL_STOPPED (IS_STOPPED(0) && IS_STOPPED(1) && IS_STOPPED(2))
#define HELD_BY_ANY (HELD(0) | HELD(1) | HELD(2))
#endif

/* An atomic read-modify-write. */
#define RMW ALL_STORED(me) ->
#define RMW_IF(condition) ALL_STORED(me) && (condition) ->

inline got(frame)
{
    if
    :: (frame) == R -> net_r++
    :: else -> assert(!has_l); has_l = 1
    fi
}

/* ---- areas */

inline make_free()
{
    store(OWNER, OWNER_FREE);
    atomic { RMW memory[IN_FREE_AREAS] = 1 }
}

/* pmm_settle(), pmm_release(): both end with the area listed, as wholly free if it is. */
inline settle()
{
    do
    :: load(BITS, seen);
       if
       :: seen -> break
       :: !seen ->
          if
          :: atomic { RMW_IF(memory[OWNER] == NONE) memory[OWNER] = OWNER_BUSY }
          :: atomic { RMW_IF(memory[OWNER] != NONE) break }
          fi
       fi;
       load(BITS, seen);
       if
       :: !seen -> make_free(); break
       :: seen -> release_owner()
       fi
    od;
    seen = 0
}

inline release_owner()
{
    atomic { RMW memory[OWNER] = NONE }
}

/* free: what it held privately of the word; into the bitmap. */
inline give_back(free)
{
    atomic {
        RMW
        late = free & ~memory[BITS] & R;
        assert(!(free & ~memory[BITS] & L));
        memory[BITS] = memory[BITS] & ~free
    };
#if BUG == 6
    late = 0
#else
    note_late()
#endif
}

/* late: whether R was freed twice; there is room for as many entries as CPUs. */
inline note_late()
{
    if
    :: late -> atomic { RMW assert(late_r < N_CPUS); late_r++; late = 0 }; atomic { RMW memory[N_LATE]++ }
    :: else
    fi
}

/* free: what was free of the word; all of it becomes allocated. */
inline exchange_word()
{
    atomic { RMW free = FULL & ~memory[BITS]; memory[BITS] = FULL }
}

inline give_back_put_word()
{
#if BUG == 8
    store(PUT_WORD(me), 0);
#endif
    load(PUT_FREE(me), free);
    if
    :: free -> give_back(free)
    :: else
    fi;
#if BUG != 8
    store(PUT_WORD(me), 0);
#endif
    atomic { store(PUT_FREE(me), 0); free = 0 }
}

/* Takes it out of free_areas: false if it is not there. */
inline take_free_area(owner_then)
{
    atomic { RMW seen = memory[IN_FREE_AREAS]; memory[IN_FREE_AREAS] = 0 };
    if
    :: seen ->
       load(OWNER, owner);
       if
       :: owner == UNWRITTEN ->
          store(OWNER, OWNER_BUSY);
#if BUG != 16
          store(BITS, 0)
#endif
       :: owner == FREED ->
          store(OWNER, OWNER_BUSY);
#if BUG == 19
          store(BITS, 0);
#else
          give_back(FULL);
#endif
#if REACH == 6
          assert(!late_r)
#endif
       :: else
       fi;
       store(OWNER, owner_then);
       owner = 0
    :: else
    fi
}

/* ---- taking a frame */

inline take_get_word()
{
    atomic {
#if BUG != 3
        store(GET_FREE(me), FULL);
#endif
        store(EXCLUSIVE(me), 0);
        store(GET_WORD(me), 1)
    };
#if BUG == 14
    load(BITS, free);
    store(BITS, FULL);
    free = FULL & ~free;
#else
    exchange_word();
#endif
    atomic { store(GET_FREE(me), free); free = 0 }
}

/* It uses up what it has of other words first, takes other words in between, and gives the area up when it is full. */
inline refill()
{
    if
    :: owns_put[me] ->
       give_back_put_word();
       atomic { owns_put[me] = owns_get[me]; owns_get[me] = 1 }
    :: owns_get[me] && !owns_put[me]
    :: !owns_get[me] && !owns_put[me] ->
       if
       :: atomic { RMW_IF(memory[OWNER] == NONE) memory[OWNER] = OWNED(me); owns_get[me] = 1 }
       :: memory[IN_FREE_AREAS] ->
          take_free_area(OWNED(me));
          owns_get[me] = seen
       :: true
       fi
    fi;
    seen = 0;
    if
    :: owns_get[me] ->
       load(BITS, seen);
       if
       :: seen != FULL -> take_get_word()
       :: seen == FULL -> give_up_get_area()
       fi;
       seen = 0
    :: else
    fi
}

/* pmm_give_back_get_word() and pmm_disown() */
inline give_up_get_area()
{
    load(GET_FREE(me), free);
    if
    :: free -> give_back(free)
    :: else
    fi;
    atomic {
        store(EXCLUSIVE(me), 0);
        store(GET_WORD(me), 0);
        store(GET_FREE(me), 0);
        free = 0;
        owns_get[me] = 0
    };
    if
    :: !owns_put[me] -> release_owner(); settle()
    :: else
    fi
}

inline take_private()
{
    atomic {
        get(GET_FREE(me), free);
        if
        :: free & R -> frame = R
        :: free & L -> frame = L
        fi
    };
    d_step { waiting[me].n < DEPTH -> put(GET_FREE(me), free & ~frame); free = 0 };
    atomic { got(frame) };
    pass_on()
}

/* Who has L keeps it, or lets another CPU have it. */
inline pass_on()
{
    if
    :: frame == L && !mine -> mine = 1
    :: frame == L && !mine && !HUGE -> store(L_OUT, 1)
    :: frame != L
    fi;
    frame = 0
}

inline alloc()
{
    atomic { get(GET_WORD(me), seen); get(GET_FREE(me), free); seen = seen && free; free = 0 };
    if
    :: seen -> seen = 0; take_private()
    :: else ->
       refill();
       atomic { get(GET_WORD(me), seen); get(GET_FREE(me), free); seen = seen && free; free = 0 };
       if
       :: seen -> seen = 0; take_private()
       :: else
       fi
    fi
}

/* Its get word is used up: the next one is another word of the area. */
inline go_on_to_another_word()
{
    atomic { get(GET_WORD(me), seen); get(GET_FREE(me), free); seen = seen && !free; free = 0 };
    if
    :: seen ->
       atomic {
           store(GET_FREE(me), FULL);
           store(EXCLUSIVE(me), 0);
           store(GET_WORD(me), 0)
       };
       atomic { RMW skip };
       store(GET_FREE(me), 0)
    :: else
    fi
}

/* pmm_claim_put_word() of a word elsewhere */
inline give_up_put_area()
{
    give_back_put_word();
    owns_put[me] = 0;
    if
    :: !owns_get[me] -> release_owner(); settle()
    :: else
    fi
}

/* ---- giving back a frame */

inline free_privately(private)
{
    load(private, free);
    if
    :: free & frame -> status = DOUBLE
    :: else ->
       store(private, free | frame)
    fi;
    free = 0
}

/* seen: whether the frame's bit alone may not tell its state */
inline look_at_holder()
{
    load(OWNER, owner);
    is_contested()
}

inline is_contested()
{
    if
    :: owner == NONE -> seen = 0
#if BUG == 22
    :: owner >= OWNER_BUSY -> seen = owner != FREED
#else
    :: owner >= OWNER_BUSY -> seen = 1
#endif
    :: owner != NONE && owner < OWNER_BUSY ->
       load(PUT_WORD(owner - 1), seen);
       if
       :: !seen ->
          load(GET_WORD(owner - 1), seen);
          if
          :: seen ->
             load(EXCLUSIVE(owner - 1), seen);
             if
             :: !seen -> d_step { get(GET_FREE(owner - 1), seen); seen = (seen & frame) != 0 }
             :: else
             fi
          :: else
          fi
       :: else
       fi
    fi
}

/* Others are stopped, and all stores done: memory is what everybody sees. */
inline give_back_put_word_of(cpu)
{
    if
    :: memory[PUT_WORD(cpu)] ->
       late = memory[PUT_FREE(cpu)] & ~memory[BITS] & R;
       assert(!(memory[PUT_FREE(cpu)] & ~memory[BITS] & L));
       memory[BITS] = memory[BITS] & ~memory[PUT_FREE(cpu)];
#if BUG != 6
       assert(late_r + late <= N_CPUS);
       late_r = late_r + late;
       memory[N_LATE] = memory[N_LATE] + late;
#endif
       late = 0;
       memory[PUT_WORD(cpu)] = 0;
       memory[PUT_FREE(cpu)] = 0
    :: else
    fi
}

inline share_word()
{
    for (i : 0 .. N_CPUS - 1) {
        give_back_put_word_of(i);
        memory[EXCLUSIVE(i)] = 0
    };
    i = 0
}

/* In the bitmap something has become free. */
inline note_free()
{
    if
    :: memory[OWNER] == NONE && !memory[BITS] ->
       memory[OWNER] = OWNER_FREE;
       memory[IN_FREE_AREAS] = 1
    :: else
    fi
}

#if BUG == 10
#define WAS_FREE(frame) (memory[OWNER] == FREED)
#elif BUG == 17
#define WAS_FREE(frame) ((HELD_BY_ANY & frame) != 0)
#else
#define WAS_FREE(frame) (HELD_BY_ANY & frame || memory[OWNER] == FREED)
#endif
#if BUG == 20
#define IS_TAKEN_AGAIN(frame) false
#else
#define IS_TAKEN_AGAIN(frame) (memory[BITS] & frame)
#endif

/* Who stops the others does this first. */
inline answer_all()
{
    for (c : 0 .. N_CPUS - 1) {
        if
        :: asked[c] ->
           late = asked[c] == R && late_r > 0;
           late_r = late_r - late;
           memory[N_LATE] = memory[N_LATE] - late;
           was_allocated[c] = !late && (!WAS_FREE(asked[c]) || IS_TAKEN_AGAIN(asked[c]));
#if REACH == 1
           assert(!late);
#elif REACH == 3
           assert(!was_allocated[c]);
#elif REACH == 4
           assert(late || was_allocated[c]);
#endif
           if
#if BUG != 9
           :: !late && !was_allocated[c] -> memory[BITS] = memory[BITS] | asked[c]
#endif
           :: else
           fi;
           late = 0;
           share_word();
           if
           :: was_allocated[c] -> note_free()
           :: else
           fi;
           asked[c] = 0
        :: else
        fi
    };
    c = 0
}

/* The bit is cleared. */
inline ask()
{
    atomic { seen = 0; owner = 0; asked[me] = frame; inside[me] = 0 };
    d_step {
        ALL_STOPPED ->
#if REACH == 7
        assert(asked[me]);
#endif
        answer_all();
        status = !was_allocated[me];
        was_allocated[me] = 0
    }
}

/* Nothing has changed yet. */
inline free_stopped()
{
    atomic { seen = 0; owner = 0; inside[me] = 0 };
    d_step {
        ALL_STOPPED ->
#if REACH == 2
        assert(false);
#endif
#if BUG != 18
        answer_all();
#endif
        status = HELD_BY_ANY & frame || memory[OWNER] >= OWNER_FREE || !(memory[BITS] & frame);
        share_word();
        if
        :: !status -> memory[BITS] = memory[BITS] & ~frame; note_free()
        :: else
        fi;
#if BUG == 18
        answer_all()
#endif
    }
}

inline free_shared()
{
#if BUG != 1
    look_at_holder();
    if
    :: seen -> free_stopped(); goto freed
    :: else
    fi;
#endif
#if BUG == 15
    load(BITS, free);
    store(BITS, free & ~frame);
#else
    atomic { RMW free = memory[BITS]; memory[BITS] = free & ~frame };
#endif
    if
    :: !(free & frame) -> free = 0; status = DOUBLE; goto freed
    :: else -> free = 0
    fi;
#if BUG == 12
    is_contested();
#elif BUG == 2
    load(OWNER, owner);
    seen = 0;
#else
    look_at_holder();
#endif
    if
    :: seen -> ask(); goto freed
    :: else
    fi;
#if BUG != 7
    load(N_LATE, seen);
    if
    :: seen -> ask(); goto freed
    :: else
    fi;
#endif
    settle();
freed:
    atomic { seen = 0; owner = 0 }
}

inline free_one()
{
    atomic { /* all this is its own */
        get(EXCLUSIVE(me), seen);
        get(PUT_WORD(me), free);
        get(GET_WORD(me), owner)
    };
    if
    :: seen -> atomic { seen = 0; free = 0; owner = 0 }; free_privately(GET_FREE(me))
    :: !seen && free -> atomic { free = 0; owner = 0 }; free_privately(PUT_FREE(me))
    :: !seen && !free ->
       atomic { seen = owner; owner = 0 };
       if
#ifndef NO_EXCLUSIVE
       :: MAY(HOLD) && seen -> seen = 0; become_exclusive()
#endif
#ifndef NO_PUT
       :: MAY(HOLD) && !seen && (owns_get[me] || owns_put[me]) -> claim_put_word()
       :: atomic {
              RMW_IF(MAY(HOLD) && !seen && !owns_get[me] && !owns_put[me] && memory[OWNER] == NONE)
              memory[OWNER] = OWNED(me)
          };
          claim_put_word()
#endif
       :: seen = 0; free_shared()
       fi
    fi
}

/* pmm_claim_word() of the get word */
inline become_exclusive()
{
#if BUG != 4
    atomic { RMW memory[EXCLUSIVE(me)] = 1 };
#endif
#if BUG != 11
    exchange_word();
    atomic {
        get(GET_FREE(me), seen);
        assert(!(free & seen & L));
        late = free & seen & R;
#if REACH == 8
        assert(!late);
#endif
#if BUG == 21
        late = 0
#endif
    };
    note_late();
    atomic { store(GET_FREE(me), free | seen); free = 0; seen = 0 };
#endif
#if BUG == 4
    atomic { RMW memory[EXCLUSIVE(me)] = 1 };
#endif
    free_privately(GET_FREE(me))
}

/* The same of another word */
inline claim_put_word()
{
#if BUG != 5
    atomic { RMW memory[PUT_WORD(me)] = 1 };
#endif
    owns_put[me] = 1;
#if BUG != 11
    exchange_word();
    atomic { store(PUT_FREE(me), free); free = 0 };
#endif
#if BUG == 5
    atomic { RMW memory[PUT_WORD(me)] = 1 };
#endif
    free_privately(PUT_FREE(me))
}

/* ---- both frames at once */

inline alloc_area()
{
    atomic { RMW seen = memory[IN_FREE_AREAS]; memory[IN_FREE_AREAS] = 0 };
    if
    :: seen ->
       seen = 0;
       load(OWNER, owner);
#if BUG == 13
       store(OWNER, (owner == FREED -> NONE : OWNER_BUSY));
#else
       store(OWNER, OWNER_BUSY);
#endif
       if
       :: owner != FREED -> store(BITS, FULL)
       :: owner == FREED ->
          load(BITS, seen);
          if
          :: seen != FULL -> restore_area()
          :: else
          fi
       fi;
#if BUG == 13
       if
       :: owner != FREED -> store(OWNER, NONE)
       :: else
       fi;
#else
       store(OWNER, NONE);
#endif
       atomic { seen = 0; owner = 0 };
       atomic { got(R); got(L); frame = L };
       pass_on()
    :: else
    fi
}

inline restore_area()
{
    exchange_word();
    atomic {
        assert(!(free & L));
        late = (free & R) != 0;
        free = 0;
#if REACH == 5
        assert(!late);
#endif
#if BUG == 23
        late = 0
#endif
    };
    note_late()
}

/* L is legal to free, R may be or not. */
inline dealloc_area()
{
    atomic { RMW seen = memory[OWNER]; memory[OWNER] = (seen == NONE -> OWNER_BUSY : seen) };
    if
    :: seen == NONE ->
       load(BITS, seen);
       if
       :: seen == FULL ->
          store(OWNER, FREED);
          atomic { RMW memory[IN_FREE_AREAS] = 1; status = OK }
       :: else ->
          status = DOUBLE;
          release_owner();
          settle()
       fi
    :: else -> status = DOUBLE
    fi
}

/* ---- stops all, and takes one of what is left */

inline alloc_last()
{
    d_step {
        ALL_STOPPED ->
#if BUG != 18
        answer_all();
#endif
        for (c : 0 .. N_CPUS - 1) {
            if
            :: memory[GET_WORD(c)] ->
               late = memory[GET_FREE(c)] & ~memory[BITS] & R;
               assert(late_r + late <= N_CPUS);
               late_r = late_r + late;
               memory[N_LATE] = memory[N_LATE] + late;
               late = 0;
               memory[BITS] = memory[BITS] & ~memory[GET_FREE(c)]
            :: else
            fi;
            memory[EXCLUSIVE(c)] = 0;
            memory[GET_WORD(c)] = 0;
            memory[GET_FREE(c)] = 0;
            give_back_put_word_of(c);
            memory[OWNER] = (memory[OWNER] == OWNED(c) -> NONE : memory[OWNER]);
            owns_get[c] = 0;
            owns_put[c] = 0
        };
        c = 0;
        if
        :: memory[OWNER] >= OWNER_FREE -> memory[BITS] = 0; memory[OWNER] = NONE; memory[IN_FREE_AREAS] = 0
        :: else
        fi;
        if
        :: !(memory[BITS] & R) -> frame = R
        :: memory[BITS] == R -> frame = L
        :: memory[BITS] == FULL
        fi;
        memory[BITS] = memory[BITS] | frame;
        if
        :: frame -> got(frame)
        :: else
        fi;
#if BUG == 18
        answer_all()
#endif
    };
    pass_on()
}

proctype cpu(byte me)
{
    byte frame, free, seen, owner, c, i;
    bit status, late, mine;

end:
    do
    :: atomic { MAY(HOLD) -> inside[me] = 1; n_calls++ };
       if
       :: alloc()
#ifndef NO_NEXT
       :: owns_get[me] && !owns_put[me] -> go_on_to_another_word()
#endif
#ifndef NO_CHANGE
       :: owns_get[me] && !owns_put[me] -> give_up_get_area()
#endif
       :: owns_put[me] -> give_up_put_area()
       fi;
       atomic { inside[me] = 0; n_calls--; seen = 0 }
    :: atomic {
           MAY(HOLD) || MAY(FREE) ->
           if
           :: frame = R
#ifndef KEEP_L
           :: mine -> mine = 0; has_l = 0; frame = L
           :: memory[L_OUT] && ALL_STORED(me) -> memory[L_OUT] = 0; has_l = 0; frame = L
#endif
           fi;
           inside[me] = 1;
           n_calls++
       };
       free_one();
       atomic {
           assert(frame == R || status == OK);
           net_r = net_r - (frame == R && status == OK);
           status = 0;
           frame = 0;
           inside[me] = 0;
           n_calls--;
           seen = 0
       }
    :: atomic { MAY(HUGE) -> inside[me] = 1; n_calls++ };
       alloc_area();
       atomic { inside[me] = 0; n_calls--; seen = 0 }
    :: atomic { MAY(HUGE) && mine -> mine = 0; has_l = 0; inside[me] = 1; n_calls++ };
       dealloc_area();
       atomic {
           mine = status;
           has_l = has_l || status;
           net_r = net_r - !status;
           status = 0;
           inside[me] = 0;
           n_calls--;
           seen = 0
       }
    :: atomic { MAY(LAST) -> n_calls++ };
       alloc_last();
       atomic { n_calls--; seen = 0 }
    od
}

#define IS_FREE(frame) (memory[OWNER] >= OWNER_FREE || !(memory[BITS] & frame) || \
    HELD_BY_ANY & frame)

/* With nobody in a call. */
active proctype check()
{
end:
    do
    :: atomic {
           n_calls == 0 && ALL_STOPPED ->
           assert(net_r == !IS_FREE(R));
           assert(has_l == !IS_FREE(L));
           assert(!late_r && !memory[N_LATE] && !asked[0] && !asked[1])
       }
    od
}

init {
    atomic {
        byte c;
        memory[OWNER] = UNWRITTEN;
        memory[BITS] = FULL;
        memory[IN_FREE_AREAS] = 1;
        for (c : 0 .. N_CPUS - 1) {
            run cpu(c);
            run store_queue(c)
        }
    }
}
