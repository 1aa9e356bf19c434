/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes from the holder what it does not need, so that whoever takes it over gets little: no
 * programs, no network, no other processes, no files but those below.
 */
#pragma once

struct confinement {
	int landlock; /* version of the kernel's interface, or -errno */
	int seccomp;  /* 0 or -errno */
};

/*
 * To be called with no_new_privs set, when everything but devices is open, and before there are
 * other threads: Landlock is left out then (-EBUSY). RUNTIME is the directory of the
 * socket. What the kernel does not support, or refuses, is left out.
 */
void confine(const char *runtime, struct confinement *ret);
