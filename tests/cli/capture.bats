#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/tools/capture and tests/tools/unpack, which the other tests depend on.

setup_file()
{
	load ../lib.bash
	unpack intel-pasid intel-legacy intel-pages virtio none sriov
}

setup()
{
	load ../lib.bash
	FILE=$BATS_TEST_TMPDIR/file.tree
	DIR=$BATS_TEST_TMPDIR/dir
}

@test "capturing an unpacked tree again gives the same tree" {
	local name options

	for name in intel-pasid intel-legacy intel-pages virtio none sriov; do
		options=()
		[[ $name != sriov ]] || options=(--limit 20)
		"$ROOT/tests/tools/capture" --sysroot "$BATS_FILE_TMPDIR/$name" --title x "${options[@]}" >"$FILE"
		rm -rf "$DIR"
		"$ROOT/tests/tools/unpack" "$FILE" "$DIR"
		diff -r --no-dereference "$BATS_FILE_TMPDIR/$name" "$DIR"
	done
}

@test "a part of a machine is captured whole, and no more" {
	"$ROOT/tests/tools/capture" --sysroot "$BATS_FILE_TMPDIR/intel-pasid" --limit 6 >"$FILE"
	"$ROOT/tests/tools/unpack" "$FILE" "$DIR"
	run_both "$IOASIDCTL" --sysroot "$DIR" group list -rn -o group,driver
	succeeds
	equal "$output" $'0 \n1 e1000e\n2 \n3 pcieport\n4 pcieport\n5 ,,e1000'
	run_both "$IOASIDCTL" --sysroot "$DIR" device list -rn -o device
	[[ $output != *0000:02:00.0* ]]
}

@test "files are restored byte by byte, links with their targets" {
	printf '%s\n' '# a remark' 'D d/e' 'F d/text' $'\tone' $'\t' $'\t\ttwo # three' 'F d/empty' 'L d/link -> ../a b -> c' \
		'N dev/x' 'E d/no EACCES' 'E d/other 95' 'B d/bytes' $'\t000000: 41 00 ff 0a' $'\t000020: 42' $'\t000040' \
		'B d/none' $'\t000000' >"$FILE"
	"$ROOT/tests/tools/unpack" "$FILE" "$DIR"
	equal "$(<"$DIR/d/text")" $'one\n\n\ttwo # three'
	[[ -f $DIR/d/empty && ! -s $DIR/d/empty && -d $DIR/d/e && -f $DIR/dev/x ]]
	equal "$(readlink "$DIR/d/link")" '../a b -> c'
	equal "$(readlink "$DIR/d/no")" errno:13
	equal "$(readlink "$DIR/d/other")" errno:95
	equal "$(od -A n -t x1 -v "$DIR/d/bytes" | tr -d ' \n')" \
		"4100ff0a$(printf '00%.0s' {1..28})42$(printf '00%.0s' {1..31})"
	[[ -f $DIR/d/none && ! -s $DIR/d/none ]]
}

# refused MESSAGE: unpack refuses the file, and creates nothing except perhaps DIR.
refused()
{
	run_both "$ROOT/tests/tools/unpack" "$FILE" "$DIR"
	ended 1
	says "$1"
	[[ ! -d $DIR || -z $(ls -A "$DIR") ]]
}

@test "unpack writes nowhere else" {
	local entry

	for entry in 'F /etc/x' 'F ../x' 'F a/../../x' 'D ..' 'F ./x' 'F a//x' 'F a/' 'F ' 'L ../x -> y' 'N a/../b' 'E /x EACCES'; do
		echo "$entry" >"$FILE"
		refused 'no path'
	done
	printf '%s\n' "L a -> $BATS_TEST_TMPDIR" 'F a/x' >"$FILE"
	refused "something lies beneath 'a'"
	printf '%s\n' 'F a/b/x' "L a -> $BATS_TEST_TMPDIR" >"$FILE"
	refused "something lies beneath 'a'"
	printf '%s\n' 'E a EACCES' 'D a/b' >"$FILE"
	refused "something lies beneath 'a'"
	[[ ! -e $BATS_TEST_TMPDIR/x ]]
}

@test "unpack refuses what it does not understand" {
	printf '%s\n' 'D a' 'D a' >"$FILE"
	refused "'a' comes twice"
	echo 'X a' >"$FILE"
	refused "no entry begins with 'X'"
	printf '%s\n' 'D a' $'\ttext' >"$FILE"
	refused 'a line of no file'
	echo 'E a EWHAT' >"$FILE"
	refused 'an unknown errno'
	mkdir "$DIR"
	touch "$DIR/there"
	echo 'D a' >"$FILE"
	run_both "$ROOT/tests/tools/unpack" "$FILE" "$DIR"
	ended 1
	says 'is not empty'
}

@test "the trees say where they come from, and contain no name from the machine they were made on" {
	local tree

	for tree in "$ROOT"/tests/trees/*.tree; do
		[[ $(sed -n 2p "$tree") =~ ^'# Linux '[0-9.]+-lab,' x86_64; made by: tests/trees/make ' ||
			$(sed -n 2p "$tree") == '# '*' as nobody has captured '*': written after Linux '* ]]
		[[ $(grep -cE '/(home|root|work|tmp)/' "$tree") == 0 ]]
	done
}
