/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/terminal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "util/parse.h"
#include "util/str.h"

#define WIDTH_MIN 20 /* less is too narrow for a layout */
#define WIDTH_MAX 65535

static bool is_terminal(FILE *f)
{
	int fd = fileno(f);

	return fd >= 0 && isatty(fd);
}

size_t terminal_width(FILE *f)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t width = 0;

	if (!is_terminal(f))
		return 0;
	if (!columns || parse_u64(columns, WIDTH_MAX, &width) < 0 || width == 0)
		width = ioctl(fileno(f), TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
	return width < WIDTH_MIN ? WIDTH_MIN : (size_t)width;
}

/* https://no-color.org: set and not empty. */
bool terminal_has_color(FILE *f)
{
	const char *type = getenv("TERM");

	return !str_set(getenv("NO_COLOR")) && is_terminal(f) && str_set(type) &&
	       strcmp(type, "dumb") != 0;
}
