#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The rules for the source. Each is followed by a proof that its check can fail.
bats_require_minimum_version 1.5.0

setup()
{
	load lib.bash
	TREE=$BATS_TEST_TMPDIR/tree
	mkdir -p "$TREE"
}

# put FILE: writes stdin to a file of the offending tree.
put()
{
	mkdir -p "$TREE/$(dirname "$1")"
	cat >"$TREE/$1"
}

check()
{
	local name=$1

	shift
	"$ROOT/tests/static/$name" "$@"
}

# offends CHECK FILE MESSAGE: the check fails on the tree with that message.
offends()
{
	run -1 check "$1" "$TREE"
	contains "$output" "$2"
	contains "$output" "$3"
}

@test "parts of the program include only what their layer may" {
	check layers "$ROOT"
}

@test "a layer that includes another it may not is found" {
	local file header

	while read -r file header; do
		rm -rf "$TREE/src"
		put "src/$file" <<<"#include $header"
		echo "$file $header"
		offends layers "src/$file:1" "may not include"
	done <<-'END'
		model/machine/group.c <linux/pci.h>
		model/machine/group.c <json-c/json.h>
		model/machine/group.c "out/view.h"
		model/machine/group.c "app.h"
		model/machine/group.c "client/holder.h"
		model/machine/group.c <argp.h>
		sys/root.c "model/group.h"
		sys/root.c "out/view.h"
		sys/root.c <libudev.h>
		sys/root.c <libmnl/libmnl.h>
		sys/udev.c <libmnl/libmnl.h>
		sys/root.c <zlib.h>
		out/view.c <json-c/json.h>
		out/view.c <libsmartcols.h>
		out/value.c "sys/root.h"
		out/value.c "model/group.h"
		cmd/group/noun.c <linux/vfio.h>
		cmd/group/noun.c <libudev.h>
		cmd/group/noun.c <json-c/json.h>
		cmd/group/noun.c <argp.h>
		cmd/group/noun.c "sys/root.h"
		cmd/group/noun.c "holder/context.h"
		cmd.c "app.h"
		cmd.c "model/group.h"
		app.c "cmd.h"
		app.h <argp.h>
		main.c "model/group.h"
		main.c "util/str.h"
		util/str.c "sys/root.h"
		util/str.c <linux/limits.h>
		client/read.c "model/machine/group.h"
		client/read.c "holder/record.h"
		model/machine/group.c "model/pasid/walk.h"
		model/driver/plan.c "model/diagnosis/check.h"
		cmd/common/term.c "cmd/pasid/columns.h"
		cmd/pasid/list.c "model/pasid/internal.h"
		client/read.c "wire/internal.h"
		new/a.c "util/str.h"
		client/read.c "holder/context.h"
		client/read.c <argp.h>
		wire/varlink.c "holder/context.h"
		holder/context.c "model/group.h"
		holder/context.c "out/view.h"
		holder/context.c "sys/udev.h"
		holder/context.c <linux/iommufd.h>
	END
}

@test "what a layer may include passes" {
	put src/sys/netlink.c <<<'#include <libmnl/libmnl.h>'
	put src/sys/kernel_config.c <<<'#include <zlib.h>'
	put src/sys/iommufd.c <<<'#include <linux/types.h>'
	put src/model/machine/group.c <<<'#include "sys/root.h"'
	put src/out/grid.c <<<'  #  include  <libsmartcols.h>  /* tables */'
	put src/cmd/group/noun.c <<<'#include "client/holder.h"'
	put src/holder/context.c <<<'#include "sys/vfio.h"'
	put src/model/pasid/walk.c <<<'#include "model/pasid/internal.h"'
	put src/client/create.c <<<'#include "holder/daemon.h"'
	check layers "$TREE"
}

@test "no file is longer than 500 lines, no function than 60" {
	check sizes "$ROOT"
}

@test "a long file is found, and one of 500 lines is not" {
	put src/util/fits.c < <(yes '/* line */' | head -n 500)
	check sizes "$TREE"
	put src/util/long.c < <(yes '/* line */' | head -n 501)
	offends sizes src/util/long.c "501 lines"
	[[ $output != *fits* ]]
}

# function_of LINES
function_of()
{
	printf 'static int f%d(void)\n{\n' "$1"
	yes $'\tg();' | head -n $(($1 - 3))
	printf '}\n'
}

@test "a long function is found, and one of 60 lines is not" {
	put src/util/f.c < <(function_of 60)
	check sizes "$TREE"
	put src/util/f.c < <(function_of 60; function_of 61)
	offends sizes src/util/f.c:61 "f61() has 61 lines"
	[[ $output != *f60* ]]
}

@test "headers are guarded and compile alone, and sources include their own first" {
	check headers "$ROOT"
}

@test "a header that needs another, is unguarded, or comes second is found" {
	put src/util/a.h < <(printf '/* About it. */\n#pragma once\n\nsize_t f(void);\n')
	offends headers src/util/a.h "does not compile alone"
	put src/util/a.h <<<'int f(void);'
	offends headers src/util/a.h "does not begin with #pragma once"
	put src/util/a.h < <(printf '#include <stddef.h>\n#pragma once\n')
	offends headers src/util/a.h "does not begin with #pragma once"
	put src/util/a.h < <(printf '/* SPDX */\n/*\n * More.\n */\n#pragma once\n\nint f(void);\n')
	put src/util/a.c < <(printf '#include <errno.h>\n#include "util/a.h"\n')
	offends headers src/util/a.c "does not include its own header first"
	put src/util/a.c < <(printf '/* About. */\n#include "util/a.h"\n#include <errno.h>\n')
	put src/util/b.c <<<'#include <errno.h>'
	check headers "$TREE"
}

@test "every file names its licence, nothing is left to be done, nothing jumps" {
	check files "$ROOT"
}

@test "a file without a licence, a note and a goto are found" {
	local spdx='SPDX-License-Identifier: GPL-2.0-or-later'

	put src/a.c <<<"/* $spdx */"
	put README.md <<<'# Program'
	put build/src/a.o <<<'made'
	check files "$TREE"
	put tests/x.bats <<<'# nothing'
	offends files tests/x.bats "no SPDX line"
	put tests/x.bats <<<"# $spdx"
	put src/a.c < <(printf '/* %s */\n/* %s: more */\n' "$spdx" "TO""DO")
	offends files src/a.c:2 "TO""DO"
	put src/a.c < <(printf '/* %s */\nint f(void)\n{\n\tgoto out;\n}\n' "$spdx")
	offends files src/a.c:4 goto
}

@test "no shell script displeases shellcheck" {
	check shell "$ROOT"
}

@test "a careless script is found by its first line, its name, or as a test" {
	local name file

	# shellcheck disable=SC2016	# it is the offence
	for name in tool '#!/bin/bash' lib.bash '# none' some.bats '#!/usr/bin/env bats' completions/tool '# none'; do
		case $name in
		'#'*) ;;
		*) file=$name; continue ;;
		esac
		rm -rf "$TREE"
		put "$file" < <(printf '%s\nrm $1\n' "$name")
		offends shell "$file" SC2086
	done
	rm -rf "$TREE"
	# shellcheck disable=SC2016
	put notes <<<'rm $1'
	check shell "$TREE"
}

@test "no text that a user reads has a word for which there is a plainer one" {
	check words "$ROOT"
}

@test "such a word is found in a message, a page, the README and a completion, and not in a comment or a value" {
	put src/cmd/a.c < <(printf '%s\n' '/* Told "what is told alone". */' 'const char *const name = "alone";' \
		'const char *text = "there is no such device, and " "it is no longer here";' "int quote = '\"'; /* parted */")
	put man/a.8.in < <(printf '.TP\n.B alone\nnot more\n')
	check words "$TREE"
	put src/cmd/a.c < <(printf 'int quote;\nconst char *text =\n\t"a device that is "\n\t"no disk";\n')
	offends words src/cmd/a.c:3 'is no": write is not a'
	rm "$TREE/src/cmd/a.c"
	put man/a.8.in < <(printf '.TP\na group is given\naway as a whole\n')
	offends words man/a.8.in:2 'given away": write assign'
	rm "$TREE/man/a.8.in"
	put README.md <<<'Values are parted by commas.'
	offends words README.md:1 separated
	rm "$TREE/README.md"
	put completions/a <<<'# It tells of options.'
	offends words completions/a:1 report
	rm "$TREE/completions/a"
	put src/holder/a.varlink <<<'# Only root alone.'
	offends words src/holder/a.varlink:1 only
}

@test "all C is formatted" {
	check format "$ROOT"
}

@test "C that is not formatted is found" {
	cp "$ROOT/.clang-format" "$TREE"
	put src/util/a.c < <(printf 'int f(void)\n{\n\treturn 1;\n}\n')
	put tests/unit/a.c </dev/null
	check format "$TREE"
	put tests/unit/a.c < <(printf 'int f(void) {\n  return 1;\n}\n')
	run -123 check format "$TREE"
	contains "$output" tests/unit/a.c:1
}

@test "it compiles with gcc without a warning" {
	make -C "$ROOT" --no-print-directory BUILD="$BUILD" CC=gcc WERROR=-Werror binary units
}

@test "it compiles with clang without a warning" {
	make -C "$ROOT" --no-print-directory -j2 BUILD="$BUILD/clang" CC=clang WERROR=-Werror binary
}

@test "a warning ends the compilation, with either compiler" {
	local compiler

	cp "$ROOT/Makefile" "$TREE"
	put src/main.c < <(printf 'int main(void)\n{\n\tint unused = 1;\n\treturn 0;\n}\n')
	for compiler in gcc clang; do
		run -2 make -C "$TREE" BUILD="$compiler" CC="$compiler" WERROR=-Werror binary
		contains "$output" "unused variable"
	done
}

@test "a missing library is named, and the build neither installs nor compiles anything" {
	run -2 make -C "$ROOT" BUILD="$BATS_TEST_TMPDIR/build" LIBRARIES='libudev none-such' binary
	contains "$output" "none-such"
	contains "$output" "'make deps' installs it"
	equal "$(find "$BATS_TEST_TMPDIR/build" -name '*.o' -o -name deps)" ""
}

@test "nothing outlives a function but in main.c, and lower layers neither print nor exit" {
	check objects "$BUILD/src"
}

# object FILE: stdin compiled into the tree.
object()
{
	mkdir -p "$TREE/$(dirname "$1")"
	gcc -O2 -fPIE -x c -c -o "$TREE/$1" -
}

@test "state and printing are found in object files" {
	local code file

	object main.o <<<'int state; int main(void) { return state++; }'
	object cmd/group.o <<-'END'
		#include <stdio.h>
		static const char *const names[] = { "a", "b" };
		const char *name(int i) { puts("x"); return names[i]; }
	END
	object sys/root.o <<<'int f(int n) { return n; }'
	check objects "$TREE"
	while read -r file code; do
		echo "$file $code"
		object "$file" <<<"#include <stdio.h>"$'\n'"#include <stdlib.h>"$'\n'"$code"
		run -1 check objects "$TREE"
		contains "$output" "$file"
		rm "$TREE/$file"
	done <<-'END'
		cmd/a.o static int n; int f(void) { return n++; }
		cmd/b.o int f(void) { static int n = 7; return n++; }
		cmd/c.o int shared;
		cmd/d.o static __thread int n; int f(void) { return n++; }
		cmd/e.o const char *names[] = { "a", "b" };
		sys/f.o void f(void) { puts("x"); }
		model/g.o void f(int n) { printf("%d", n); }
		out/h.o void f(void) { fputs("x", stderr); }
		util/i.o void f(void) { perror("x"); }
		sys/j.o void f(void) { exit(1); }
	END
}

@test "a directory without object files is no proof" {
	run -2 check objects "$TREE"
}

@test "nothing is exported that only its own file uses" {
	check unused "$BUILD/src" "$ROOT"
}

@test "a function that nothing outside its file uses is found" {
	object util/a.o <<<'int f(void) { return 1; } int g(void) { return f(); }'
	object util/b.o <<<'int g(void); int main(void) { return g(); }'
	put tests/unit/test.c <<<'int g(void);'
	run -1 check unused "$TREE" "$TREE"
	equal "$output" "util/a.o: nothing outside uses f"
	put tests/unit/test.c <<<'int f(void);'
	check unused "$TREE" "$TREE"
	rm -r "$TREE/util"
	run -2 check unused "$TREE" "$TREE"
}
