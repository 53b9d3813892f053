/*
 * A summary that many change at once: summary_add_shared(), summary_remove_shared() of mm/summary.c, with three levels
 * of words of two bits: four words, two above them, and the root.
 *
 * CPUs add and remove members, any of three or one each, without end. All that they do is atomic read-modify-writes,
 * and loads with nothing but those before them: store queues play no part.
 *
 *   - When nobody is about, the bit above each word that is not 0 is 1. It may also be 1 above a word that is 0: who
 *     added to it sets the bit late, when the member is gone again. Searches must expect that, also later.
 *   - Each addition that found none there is answered by exactly one removal that is told that there was a member.
 *
 * Run one_word: -DFIRST=0 -DSECOND=1 -DTHIRD=2 -DN_CPUS=2
 * Run one_above: -DFIRST=0 -DSECOND=2 -DTHIRD=4 -DN_CPUS=2
 * Run three_one_word: -DFIRST=0 -DSECOND=1 -DTHIRD=2 -DN_CPUS=3 -DOWN
 * Run three_one_above: -DFIRST=0 -DSECOND=2 -DTHIRD=3 -DN_CPUS=3 -DOWN
 * Bug 1 (one_word): no second look after the bit above is cleared
 * Bug 2 (one_word): the bit above is set before the word's
 * Bug 3 (one_word): the bit above is cleared before the word's
 * Bug 4 (one_word): a removal succeeds if the word was not empty
 * Bug 5 (one_word): a removal from a word with others goes up, too, and looks at none of them again
 * Bug 6 (one_word): a member is removed by a load and a store
 * Bug 7 (one_above): second looks go from the bottom up, and set one bit each
 * Bug 8 (one_above): only the lowest word gets a second look
 * Reach 1 (one_word): the second look at a lowest word finds something
 * Reach 2 (one_above): the second look at a word above finds something
 * Reach 3 (one_word): somebody removes what is not there, with others about
 * Reach 4 (one_word): a bit above an empty word stays 1 when nobody is about
 */
#ifndef BUG
#define BUG 0
#endif
#ifndef REACH
#define REACH 0
#endif
#ifdef OWN /* each CPU has a member of its own */
#define MAY_CHANGE(member) (me == member)
#else
#define MAY_CHANGE(member) true
#endif

#define LEVELS 3
#define BIT(i) (1 << ((i) & 1))
#define WORD(level, i) words[((level) == 0 -> 0 : ((level) == 1 -> 4 : 6)) + ((i) >> 1)]

byte words[7];
byte n_busy;      /* how many are in a call */
short members[8]; /* additions that found none, less removals that found one */

/* In both, every step is one access to memory, and what the CPU makes of it. */
inline add_from_level()
{
    do
    :: atomic {
           level < LEVELS ->
           before = WORD(level, i);
           WORD(level, i) = before | BIT(i);
           members[member] = members[member] + (level == 0 && !(before & BIT(i)));
           assert(members[member] <= 1);
           level = (before -> LEVELS : level + 1);
           i = i >> 1;
           before = 0
       }
    :: atomic { level == LEVELS -> level = up; up = 0; break }
    od
}

inline add()
{
#if BUG == 2
    if
    :: atomic { !WORD(0, member) -> level = 1; i = member >> 1 };
       add_from_level()
    :: else
    fi;
    atomic {
        level = 0;
        members[member] = members[member] + !(WORD(0, member) & BIT(member));
        WORD(0, member) = WORD(0, member) | BIT(member)
    }
#else
    add_from_level()
#endif
}

inline remove()
{
#if BUG == 3
    atomic {
        i = member >> 1;
        WORD(1, i) = WORD(1, i) & ~(WORD(0, member) == BIT(member) -> BIT(i) : 0);
        i = member
    };
#endif
    do
    :: level < LEVELS ->
#if BUG == 6
       before = WORD(level, i);
       atomic {
#else
       atomic {
           before = WORD(level, i);
#endif
           WORD(level, i) = before & ~BIT(i);
#if REACH == 3
           assert(level > 0 || before & BIT(i) || n_busy == 1);
#endif
#if BUG == 4
           members[member] = members[member] - (level == 0 && before);
#else
           members[member] = members[member] - (level == 0 && before & BIT(i));
#endif
           assert(members[member] >= 0);
           if
#if BUG == 5
           :: level == 0 && before == 3 -> level = 1; i = i >> 1
           :: !(level == 0 && before == 3) && before != BIT(i) -> break
           :: !(level == 0 && before == 3) && before == BIT(i) -> level++; i = i >> 1
#else
           :: before != BIT(i) -> break /* not there, or not alone */
           :: else -> level++; i = i >> 1
#endif
           fi;
           before = 0
       }
    :: else -> break
    od;
#if BUG == 1 || BUG == 5
    level = 0;
#elif BUG == 8
    level = (level > 1 -> 1 : level);
#elif BUG == 7
    atomic { up = level; level = 0 };
    do
    :: atomic {
           level < up ->
           i = member >> level;
           before = WORD(level, i);
           i = i >> 1
       };
       atomic { WORD(level + 1, i) = WORD(level + 1, i) | (before -> BIT(i) : 0); level++; before = 0 }
    :: level == up -> break
    od;
    atomic { level = 0; up = 0 };
#endif
    do
    :: atomic {
           level > 0 ->
           level--;
           i = member >> level;
           if
           :: WORD(level, i) ->
#if REACH == 1
              assert(level != 0);
#elif REACH == 2
              assert(level != 1);
#endif
              up = level;
              level++;
              i = i >> 1
           :: else -> goto looked
           fi
       };
       add_from_level();
looked:
       skip
    :: level == 0 -> break
    od
}

proctype cpu(byte me)
{
    byte member, level, i, before, up;

end:
    do
    :: atomic {
           if
           :: MAY_CHANGE(0) -> member = FIRST
           :: MAY_CHANGE(1) -> member = SECOND
           :: MAY_CHANGE(2) -> member = THIRD
           fi;
           i = member;
           n_busy++;
           if
           :: goto adds
           :: goto removes
           fi
       };
adds:  add();
       goto done;
removes:
       remove();
done:
       atomic { n_busy--; member = 0; level = 0; i = 0; before = 0; up = 0 }
    od
}

#define IS_EMPTY(level, i) (WORD(level, (i) << 1) == 0)
#define AGREES(level, i) (IS_EMPTY(level, i) || WORD(level + 1, i) & BIT(i))
#define IS_MEMBER(i) ((WORD(0, i) & BIT(i)) != 0)

active proctype check()
{
end:
    do
    :: atomic {
           n_busy == 0 ->
           assert(AGREES(0, 0) && AGREES(0, 1) && AGREES(0, 2) && AGREES(0, 3));
           assert(AGREES(1, 0) && AGREES(1, 1));
#if REACH == 4
           assert(!(WORD(1, 0) & BIT(0) && IS_EMPTY(0, 0)));
#endif
           assert(members[FIRST] == IS_MEMBER(FIRST));
           assert(members[SECOND] == IS_MEMBER(SECOND));
           assert(members[THIRD] == IS_MEMBER(THIRD))
       }
    od
}

init {
    atomic {
        byte c;
        for (c : 0 .. N_CPUS - 1) {
            run cpu(c)
        }
    }
}
