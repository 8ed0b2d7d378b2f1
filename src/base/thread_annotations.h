// Clang's thread-safety attributes; nothing for other compilers. The analysis build makes a broken
// rule an error.
#pragma once

#if defined(__clang__)
#define PGK_INTERNAL_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define PGK_INTERNAL_THREAD_ATTRIBUTE(x)
#endif

// On a class: it is a lock.
#define PGK_CAPABILITY(name) PGK_INTERNAL_THREAD_ATTRIBUTE(capability(name))

// On a class: its objects hold a lock from construction to destruction.
#define PGK_SCOPED_CAPABILITY PGK_INTERNAL_THREAD_ATTRIBUTE(scoped_lockable)

// On a member: read and written only while the lock is held.
#define PGK_GUARDED_BY(lock) PGK_INTERNAL_THREAD_ATTRIBUTE(guarded_by(lock))

// On a pointer member: what it points at is guarded.
#define PGK_PT_GUARDED_BY(lock) PGK_INTERNAL_THREAD_ATTRIBUTE(pt_guarded_by(lock))

// On a function or lambda: the caller holds the locks.
#define PGK_REQUIRES(...) PGK_INTERNAL_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))

// On a function: the caller must not hold the locks.
#define PGK_EXCLUDES(...) PGK_INTERNAL_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

// On a function: takes the locks, releases them, or tries to take them.
#define PGK_ACQUIRE(...) PGK_INTERNAL_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define PGK_RELEASE(...) PGK_INTERNAL_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define PGK_TRY_ACQUIRE(...) PGK_INTERNAL_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))

// On a function: its body is not analysed. Say why beside it.
#define PGK_NO_THREAD_SAFETY_ANALYSIS PGK_INTERNAL_THREAD_ATTRIBUTE(no_thread_safety_analysis)
