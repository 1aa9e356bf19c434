#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/fuzz/replay detects failures.

setup()
{
	load lib.bash
	export SOURCES=$BATS_TEST_TMPDIR
	mkdir -p "$SOURCES/corpus/small" "$SOURCES/build/tests/fuzz"
	cat >"$SOURCES/fuzz_small.c" <<-'END'
		#include "fuzz.h"
		int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
		{
			char *copy = malloc(size);
			fuzz_check(size == 0 || data[0] != 'a');
			if (size && data[0] == 'l')
				return 0;
			if (size && data[0] == 'o')
				copy[size] = data[0];
			if (size && data[0] == 'e')
				exit(0);
			free(copy);
			return 0;
		}
	END
	gcc -fsanitize=address -Itests/fuzz -o "$SOURCES/build/tests/fuzz/small" "$SOURCES/fuzz_small.c" \
		tests/fuzz/replay.c
}

# replay TEXT...: runs it on a corpus of these.
replay()
{
	local i=0 text

	for text; do
		printf %s "$text" >"$SOURCES/corpus/small/$i"
		i=$((i + 1))
	done
	ASAN_OPTIONS=detect_leaks=1 run tests/fuzz/replay "$SOURCES/build"
}

@test "harmless inputs pass, also an empty one" {
	replay '' b c
	equal "$output" $'1..1\nok 1 small: 3 inputs'
}

@test "a failed check, an overrun, a leak and an early exit are failures" {
	local text

	for text in a o l e; do
		replay b "$text" c
		contains "$output" 'not ok 1 small: status'
	done
}

@test "a target without a corpus, or the reverse, is a failure" {
	replay
	contains "$output" 'not ok 1 small'
	replay b
	mkdir "$SOURCES/corpus/other"
	: >"$SOURCES/corpus/other/x"
	replay b
	contains "$output" 'not ok 1 other'
	contains "$output" 'ok 2 small'
}
