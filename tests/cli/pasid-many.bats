#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# pasid list with very many bindings, no two of which form a range: a generated tree.

setup_file()
{
	load ../lib.bash
	"$ROOT/tests/tools/bindings" 10000 "$BATS_FILE_TMPDIR/10000"
	"$ROOT/tests/tools/bindings" 100000 "$BATS_FILE_TMPDIR/100000"
}

setup()
{
	load ../lib.bash
}

# small COMMAND...: with little memory; a sanitizer needs much address space of its own.
small()
{
	if grep -q __asan_init "$IOASIDCTL"; then
		ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}hard_rss_limit_mb=64:quarantine_size_mb=1 "$@"
	else
		(ulimit -v 24000 && exec "$@")
	fi
}

@test "100,000 bindings are listed in little memory, in every format" {
	local format

	for format in -r -j --each -P; do
		# shellcheck disable=SC2086	# none or one
		small "$IOASIDCTL" pasid list $format -n --sysroot "$BATS_FILE_TMPDIR/100000" >"$BATS_TEST_TMPDIR/out"
		(($(grep -c 0000:01:00.0 "$BATS_TEST_TMPDIR/out") == 100000))
	done
	jq -se '.[0] | length == 100000' < <("$IOASIDCTL" pasid list -j --sysroot "$BATS_FILE_TMPDIR/100000")
}

# calls N COMMAND...: the number of system calls it takes on that tree.
calls()
{
	local tree=$BATS_FILE_TMPDIR/$1

	shift
	# LeakSanitizer does not work under strace.
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 \
		strace -f -o "$BATS_TEST_TMPDIR/calls" "$IOASIDCTL" --sysroot "$tree" "$@" >/dev/null
	wc -l <"$BATS_TEST_TMPDIR/calls"
}

@test "ten times as many take at most ten times the system calls" {
	local few many

	few=$(calls 10000 pasid list -r)
	many=$(calls 100000 pasid list -r)
	echo "$few $many"
	((many > few && many < 10 * few))
}

@test "the first rows are printed long before the last are read" {
	local all first

	all=$(calls 100000 pasid list -rn)
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 \
		strace -f -o "$BATS_TEST_TMPDIR/calls" "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/100000" \
		pasid list -rn | head -n 1 >"$BATS_TEST_TMPDIR/first"
	[[ $(<"$BATS_TEST_TMPDIR/first") == 0000:01:00.0* ]]
	first=$(wc -l <"$BATS_TEST_TMPDIR/calls")
	echo "$first of $all"
	((first < all / 2))
}
