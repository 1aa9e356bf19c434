/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resources are declared with the attribute that frees them; ownership is passed on with TAKE_*. */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void cleanup_closedir(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define _cleanup_free_     _cleanup_(cleanup_free)
#define _cleanup_close_    _cleanup_(cleanup_close)
#define _cleanup_fclose_   _cleanup_(cleanup_fclose)
#define _cleanup_closedir_ _cleanup_(cleanup_closedir)

#define TAKE_PTR(p) \
	({ \
		__typeof__(p) *take_p_ = &(p); \
		__typeof__(p) take_v_ = *take_p_; \
		*take_p_ = NULL; \
		take_v_; \
	})

#define TAKE_FD(fd) \
	({ \
		int *take_p_ = &(fd); \
		int take_v_ = *take_p_; \
		*take_p_ = -1; \
		take_v_; \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
