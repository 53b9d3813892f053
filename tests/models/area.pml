/*
 * One area among several CPUs: who owns it and where it is listed. mm/pmm_area.c, mm/pmm_huge.c, and what free_shared()
 * of mm/pmm_free.c does after it has cleared a bit. Two words, of two frames and one: looks at them are separate loads.
 *
 * CPUs call in any order and without end: they claim the area (as listed, as wholly free, or to free into it), take
 * frames out of it, give it up, free frames that anybody took, and take or free all of it at once.
 *
 *   - Never two owners. Never OWNER_FREE, OWNER_FREED while a frame is allocated. Who takes it out of free_areas as
 *     OWNER_FREE finds zeros.
 *   - When nobody is in a call: an area of nobody's with a free frame is in `partial`; one with nothing but free frames
 *     is OWNER_FREE instead, or, given back at once, OWNER_FREED, and in free_areas; nothing else is in there. (A full
 *     one may still be in `partial`.) Words are 0 if OWNER_FREE, ones if OWNER_FREED.
 *
 * Left to other models: what an owner holds privately, and who is told that he freed twice (word.pml), the levels of the lists (summary.pml), how others are
 * stopped (stop.pml). In runs with ILLEGAL frames are freed that nobody took, too.
 *
 * Run two: -DN_CPUS=2
 * Run two_illegal: -DN_CPUS=2 -DILLEGAL
 * Run three: -DN_CPUS=3 -DCLAIM=3 -DFREE=4 -DNO_HUGE -DSMALL -DDEPTH=2
 * Bug 1 (two): who gives it up looks at its words before the owner byte is cleared
 * Bug 2 (two): who frees looks at the owner before the bit is cleared
 * Bug 3 (three): a listing is dropped without a second look
 * Bug 4 (two): becomes wholly free without having been BUSY
 * Bug 5 (two): becomes wholly free without a second look at its words
 * Bug 6 (two): claimed by a load and a store
 * Bug 7 (two): a 2 MiB frame is freed without a claim of the area
 * Bug 8 (two): in free_areas before its owner byte says so
 * Bug 9 (two): the owner byte is cleared by a store without a barrier
 * Bug 10 (two): taken out of free_areas by a load and a store
 * Bug 11 (two): who frees does not look whether all is free if it is listed
 * Bug 12 (two): who gives it up does not list it
 * Bug 13 (two_illegal): an owner, and not BUSY, while all of it is taken
 * Bug 14 (two_illegal): a 2 MiB frame is freed without a look at its words
 * Bug 15 (two): what was given back at once is claimed with its words as they are
 * Bug 16 (two_illegal): the answer does not set the bit again
 * Bug 17 (two_illegal): what was given back at once is taken at once without BUSY, its bits restored after that
 * Reach 1 (two): turns out to be not wholly free any more
 * Reach 2 (two): who frees lists it
 * Reach 3 (three): a listing that was dropped is made again
 * Reach 4 (two): a full area is listed when nobody is about
 * Reach 5 (two_illegal): the answer sets the bit again
 * Reach 6 (two_illegal): who takes all of it restores a bit
 * Reach 7 (two_illegal): a question is answered by who stops all for something else
 */
#ifndef BUG
#define BUG 0
#endif
#ifndef REACH
#define REACH 0
#endif

#ifndef CLAIM
#define CLAIM 7
#endif
#ifndef FREE
#define FREE 7
#endif
#define MAY(role) (role & 1 << me)

#define NONE 0
#define OWNED (me + 1)
#define OWNER_BUSY 6
#define OWNER_FREE 7
#define OWNER_FREED 8

#define WORD(i) (i)
#ifdef SMALL /* one frame each */
#define ALL(i) 1
#else
#define ALL(i) ((i) == 0 -> 3 : 1)
#endif
#define OWNER 2
#define PARTIAL 3
#define IN_FREE_AREAS 4
#define N_PLACES 5
#ifndef DEPTH
#define DEPTH 3
#endif
#include "tso.h"

byte allocated[2];
byte out[2]; /* those of them that nobody is about to free */
bit inside[N_CPUS];
byte asked[N_CPUS], asked_word[N_CPUS]; /* the bit, and of which word */
byte n_calls;
byte n_owners;

#define IS_STOPPED(cpu) (!inside[cpu] && ALL_STORED(cpu))
#if N_CPUS == 2
#define ALL_STOPPED (IS_STOPPED(0) && IS_STOPPED(1))
#else
#define ALL_STOPPED (IS_STOPPED(0) && IS_STOPPED(1) && IS_STOPPED(2))
#endif

/* An atomic read-modify-write. */
#define RMW ALL_STORED(me) ->

/* Whether one bit of a list is set; nobody stores to it. */
#define LISTED(list) memory[list]
#define ADD(list) atomic { RMW memory[list] = 1 }
#define REMOVE(list) atomic { RMW memory[list] = 0 }

inline own()
{
    n_owners++;
    assert(n_owners == 1)
}

/* ---- looks at its words, one after the other; seen: the answer */

inline look_whether_zero()
{
    load(WORD(1), seen);
    if
    :: !seen -> load(WORD(0), seen)
    :: else
    fi;
    seen = !seen
}

inline look_for_free()
{
    load(WORD(0), seen);
    if
    :: seen == ALL(0) -> load(WORD(1), seen); seen = seen != ALL(1)
    :: else -> seen = 1
    fi
}

/* ---- */

/* seen: done */
inline claim_nobodys(owner)
{
    load(OWNER, seen);
    if
    :: seen == NONE ->
#if BUG == 6
       store(OWNER, owner);
       atomic { own(); seen = 1 }
#else
       atomic {
           RMW
           seen = memory[OWNER] == NONE;
           if
           :: seen -> memory[OWNER] = owner; own()
           :: else
           fi
       }
#endif
    :: else -> seen = 0
    fi
}

inline drop_listing()
{
    if
    :: LISTED(PARTIAL) -> REMOVE(PARTIAL)
    :: else
    fi;
#if BUG != 3
    load(OWNER, seen);
    if
    :: seen == NONE ->
       look_for_free();
       if
       :: seen ->
#if REACH == 3
          assert(!done);
#endif
          ADD(PARTIAL)
       :: else
       fi
    :: else
    fi;
#endif
    seen = 0
}

/* The owner byte is BUSY. */
inline make_free(owner)
{
#if BUG == 8
    ADD(IN_FREE_AREAS);
#endif
    d_step {
        waiting[me].n < DEPTH ->
        put(OWNER, owner);
        if
        :: owner == OWNER_FREED -> allocated[0] = 0; allocated[1] = 0
        :: else -> assert(!allocated[0] && !allocated[1])
        fi;
        n_owners--
    };
#if BUG != 8
    ADD(IN_FREE_AREAS)
#endif
}

/* pmm_settle() and pmm_release(), which call each other. */
inline settle_or_release(releases)
{
    done = 0;
    if
    :: releases -> give_up()
    :: !releases
    fi;
    do
    :: done -> break
    :: !done ->
       look_whether_zero();
       if
       :: seen ->
#if BUG == 4
          atomic {
              RMW
              seen = memory[OWNER] == NONE;
              memory[OWNER] = (seen -> OWNER_FREE : memory[OWNER]);
              assert(!seen || (!allocated[0] && !allocated[1]))
          };
          if
          :: seen -> seen = 0; done = 1; REMOVE(PARTIAL); ADD(IN_FREE_AREAS)
          :: else
          fi
#else
          claim_nobodys(OWNER_BUSY);
          if
          :: seen ->
#if BUG != 5
             look_whether_zero();
#endif
             if
             :: seen ->
                seen = 0;
                if
                :: LISTED(PARTIAL) -> REMOVE(PARTIAL)
                :: else
                fi;
                make_free(OWNER_FREE);
                done = 1
             :: else ->
#if REACH == 1
                assert(false);
#endif
                give_up()
             fi;
             again = 1
          :: else
          fi
#endif
       :: else
       fi;
       if
       :: again -> again = 0
       :: !again && !done && !LISTED(PARTIAL) ->
          look_for_free();
          done = 1;
          if
          :: seen ->
#if REACH == 2
             assert(releases);
#endif
             ADD(PARTIAL)
          :: else
          fi
       :: else -> done = 1
       fi
    od;
    atomic { done = 0; seen = 0 }
}

/* The owner byte becomes NONE; done: nothing in it is free. */
inline give_up()
{
#if BUG == 1
    look_for_free();
    atomic { RMW memory[OWNER] = NONE; n_owners-- };
#elif BUG == 9
    d_step { waiting[me].n < DEPTH -> put(OWNER, NONE); n_owners-- };
    look_for_free();
#else
    atomic { RMW memory[OWNER] = NONE; n_owners-- };
    look_for_free();
#endif
#if BUG == 12
    seen = 0;
#endif
    if
    :: seen -> seen = 0
    :: else -> drop_listing(); done = 1
    fi
}

#define RELEASE 1
#define SETTLE 0

/* ---- what a CPU does in a call */

inline claim_partial()
{
    if
    :: LISTED(PARTIAL) ->
       claim_nobodys(OWNED);
       if
       :: seen -> REMOVE(PARTIAL); owns = 1
       :: else ->
#if REACH == 3
          done = 1;
#endif
          drop_listing()
       fi
    :: else
    fi;
    atomic { done = 0; seen = 0 }
}

/* pmm_claim_put_word(): whether it is listed or not */
inline claim_to_free()
{
    claim_nobodys(OWNED);
    if
    :: seen ->
       if
       :: LISTED(PARTIAL) -> REMOVE(PARTIAL)
       :: else
       fi;
       owns = 1
    :: else
    fi;
    seen = 0
}

inline remove_free_area()
{
#if BUG == 10
    seen = memory[IN_FREE_AREAS];
    if
    :: seen -> memory[IN_FREE_AREAS] = 0; own()
    :: else
    fi
#else
    atomic {
        RMW
        seen = memory[IN_FREE_AREAS];
        memory[IN_FREE_AREAS] = 0;
        if
        :: seen -> own()
        :: else
        fi
    }
#endif
}

inline take_free_area()
{
    remove_free_area();
    if
    :: seen ->
       load(OWNER, seen);
       if
       :: seen == OWNER_FREED ->
#if BUG != 15
          store(OWNER, OWNER_BUSY);
          atomic { RMW memory[WORD(0)] = 0 };
          atomic { RMW memory[WORD(1)] = 0 }
#endif
       :: else -> assert(!memory[WORD(0)] && !memory[WORD(1)])
       fi;
       seen = 1;
       store(OWNER, OWNED)
    :: else
    fi
}

/* Its owner takes all that is free of a word. */
inline take_frames()
{
    if
    :: i = 0
    :: i = 1
    fi;
    atomic {
        RMW
        assert(allocated[i] == memory[WORD(i)]);
        seen = memory[WORD(i)];
        memory[WORD(i)] = ALL(i);
        allocated[i] = ALL(i);
        out[i] = out[i] | (ALL(i) & ~seen);
        seen = 0;
        i = 0
    }
}

inline alloc_area()
{
    remove_free_area();
    if
    :: seen ->
       load(OWNER, seen);
#if BUG == 13
       store(OWNER, OWNED);
#elif BUG != 17
       store(OWNER, OWNER_BUSY);
#endif
       if
       :: seen == OWNER_FREED ->
#if BUG == 17
          d_step { waiting[me].n < DEPTH -> put(OWNER, NONE); n_owners-- };
#endif
          find_full(0);
          if
          :: seen -> find_full(1)
          :: else
          fi;
          if
          :: !seen -> restore(0); restore(1)
          :: else
          fi
       :: else ->
          atomic {
              store(WORD(0), ALL(0));
              store(WORD(1), ALL(1));
              allocated[0] = ALL(0);
              allocated[1] = ALL(1)
          }
#if BUG == 17
          d_step { waiting[me].n < DEPTH -> put(OWNER, NONE); n_owners-- };
#endif
       fi;
       seen = 0;
#if BUG != 17
       d_step { waiting[me].n < DEPTH -> put(OWNER, NONE); n_owners-- };
#endif
       atomic { ALL_STORED(me) -> out[0] = ALL(0); out[1] = ALL(1) } /* whoever is told sees all of this */
    :: else
    fi
}

/* What is found to be 1 is this CPU's, and may be freed from then on. */
inline find_full(word)
{
    d_step {
        get(WORD(word), seen);
        seen = seen == ALL(word);
        allocated[word] = (seen -> ALL(word) : allocated[word])
    }
}

inline restore(word)
{
    atomic {
        RMW
#if REACH == 6
        assert(memory[WORD(word)] == ALL(word));
#endif
        memory[WORD(word)] = ALL(word);
        allocated[word] = ALL(word)
    }
}

inline dealloc_area()
{
#if BUG == 7
    atomic {
        get(OWNER, seen);
        seen = seen == NONE;
        if
        :: seen -> own()
        :: else
        fi
    };
#else
    claim_nobodys(OWNER_BUSY);
#endif
    if
    :: seen ->
       load(WORD(0), seen);
       if
       :: seen == ALL(0) -> load(WORD(1), seen); seen = seen == ALL(1)
       :: else -> seen = 0
       fi;
#if BUG == 14
       seen = 1;
#endif
       if
       :: seen ->
          seen = 0;
          make_free(OWNER_FREED)
       :: else -> settle_or_release(RELEASE); not_freed()
       fi
    :: else -> not_freed()
    fi;
    seen = 0
}

inline not_freed()
{
    atomic { out[0] = ALL(0); out[1] = ALL(1) }
}

/* A frame that this CPU has, by its word and bit: nobody else frees it; or, ILLEGAL, any. */
inline free_frame()
{
    load(OWNER, seen);
    if
    :: seen >= OWNER_BUSY -> free_stopped()
    :: else ->
#if BUG == 2
       owner = seen;
#endif
       atomic {
           RMW
           seen = memory[WORD(i)] & frame;
           memory[WORD(i)] = memory[WORD(i)] & ~frame;
           allocated[i] = allocated[i] & ~seen
       };
       if
       :: seen ->
#if BUG == 2
          seen = owner;
          owner = 0;
#else
          load(OWNER, seen);
#endif
          if
          :: seen == NONE ->
             load(WORD(i), seen);
             if
#if BUG == 11
             :: LISTED(PARTIAL)
             :: else -> settle_or_release(SETTLE)
#else
             :: seen && LISTED(PARTIAL)
             :: else -> settle_or_release(SETTLE)
#endif
             fi
          :: seen >= OWNER_BUSY -> ask()
          :: else
          fi
       :: else
       fi
    fi;
    atomic { seen = 0; i = 0; frame = 0 }
}

/* All is stopped and stored, in the next three. */
inline note_free()
{
    if
    :: memory[OWNER] == NONE && !memory[WORD(0)] && !memory[WORD(1)] ->
       memory[OWNER] = OWNER_FREE;
       memory[PARTIAL] = 0;
       memory[IN_FREE_AREAS] = 1
    :: memory[OWNER] == NONE && (memory[WORD(0)] || memory[WORD(1)]) &&
       (memory[WORD(0)] != ALL(0) || memory[WORD(1)] != ALL(1)) -> memory[PARTIAL] = 1
    :: else
    fi
}

inline answer_all()
{
    for (c : 0 .. N_CPUS - 1) {
        if
        :: asked[c] && memory[OWNER] == OWNER_FREED && !(memory[WORD(asked_word[c])] & asked[c]) ->
#if REACH == 5
           assert(false);
#endif
#if BUG != 16
           memory[WORD(asked_word[c])] = memory[WORD(asked_word[c])] | asked[c];
#endif
        :: else -> note_free()
        fi;
        asked[c] = 0;
        asked_word[c] = 0
    };
    c = 0
}

/* The bit is cleared. */
inline ask()
{
    atomic { seen = 0; asked[me] = frame; asked_word[me] = i; inside[me] = 0 };
    d_step {
        ALL_STOPPED ->
#if REACH == 7
        assert(asked[me]);
#endif
        answer_all()
    }
}

/* Nothing has changed yet. */
inline free_stopped()
{
    atomic { seen = 0; inside[me] = 0 };
    d_step {
        ALL_STOPPED ->
        answer_all();
        if
        :: memory[OWNER] < OWNER_FREE && memory[WORD(i)] & frame ->
           memory[WORD(i)] = memory[WORD(i)] & ~frame;
           allocated[i] = allocated[i] & ~frame;
           note_free()
        :: else
        fi
    }
}

#ifdef ILLEGAL
#define MAY_FREE(word, frame) true
#define MAY_FREE_ALL true
#else
#define MAY_FREE(word, frame) (out[word] & frame)
#define MAY_FREE_ALL (out[0] == ALL(0) && out[1] == ALL(1))
#endif

proctype cpu(byte me)
{
    byte seen, i, frame, c;
    bit owns, done, again;
#if BUG == 2
    byte owner;
#endif

end:
    do
    :: atomic { MAY(CLAIM) && !owns -> inside[me] = 1; n_calls++ };
       if
       :: claim_partial()
       :: claim_to_free()
       :: memory[IN_FREE_AREAS] -> take_free_area(); owns = seen; seen = 0
#ifndef NO_HUGE
       :: memory[IN_FREE_AREAS] -> alloc_area()
#endif
       fi;
       atomic { inside[me] = 0; n_calls--; seen = 0 }
    :: atomic { owns -> inside[me] = 1; n_calls++ };
       if
       :: take_frames()
       :: owns = 0; settle_or_release(RELEASE)
       fi;
       atomic { inside[me] = 0; n_calls--; seen = 0 }
    :: atomic {
           MAY(FREE) ->
           if
           :: MAY_FREE(0, 1) -> i = 0; frame = 1
           :: MAY_FREE(0, 2) -> i = 0; frame = 2
           :: MAY_FREE(1, 1) -> i = 1; frame = 1
           fi;
           out[i] = out[i] & ~frame;
           inside[me] = 1;
           n_calls++
       };
       free_frame();
       atomic { inside[me] = 0; n_calls-- }
#ifndef NO_HUGE
    :: atomic { MAY(FREE) && MAY_FREE_ALL -> out[0] = 0; out[1] = 0; inside[me] = 1; n_calls++ };
       dealloc_area();
       atomic { inside[me] = 0; n_calls-- }
#endif
    od
}

/* With nobody in a call. */
proctype check()
{
    bit is_zero, is_full;

end:
    do
    :: atomic {
           n_calls == 0 && ALL_STOPPED ->
           is_zero = !memory[WORD(0)] && !memory[WORD(1)];
           is_full = memory[WORD(0)] == ALL(0) && memory[WORD(1)] == ALL(1);
           assert(memory[OWNER] != OWNER_BUSY);
           assert(n_owners == (memory[OWNER] != NONE && memory[OWNER] < OWNER_FREE));
           assert(memory[IN_FREE_AREAS] == (memory[OWNER] >= OWNER_FREE));
           assert(memory[OWNER] != OWNER_FREE || is_zero);
           assert(memory[OWNER] != OWNER_FREED || is_full);
           assert(memory[OWNER] != NONE || !is_zero);
           assert(memory[OWNER] != NONE || is_full || memory[PARTIAL]);
           assert(memory[OWNER] != OWNER_FREED || (!allocated[0] && !allocated[1]));
           assert(memory[OWNER] == OWNER_FREED || (allocated[0] == memory[WORD(0)] && allocated[1] == memory[WORD(1)]));
           assert(!asked[0] && !asked[1]);
#if REACH == 4
           assert(!(memory[OWNER] == NONE && is_full && memory[PARTIAL]));
#endif
           is_zero = 0;
           is_full = 0
       }
    od
}

init {
    atomic {
        byte c;
        memory[OWNER] = OWNER_FREE;
        memory[IN_FREE_AREAS] = 1;
        for (c : 0 .. N_CPUS - 1) {
            run cpu(c);
            run store_queue(c)
        }
        run check()
    }
}
