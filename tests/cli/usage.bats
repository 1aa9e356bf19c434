#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Wrong usage is status 2 and says what is wrong; help needs nothing.

setup_file()
{
	load ../lib.bash
	unpack intel-pasid
}

setup()
{
	load ../lib.bash
}

# misused MESSAGE OPERAND...: status 2, MESSAGE first, nothing on stdout.
misused()
{
	local message=$1

	shift
	on intel-pasid "$@"
	[[ $status == 2 && -z $output ]]
	begins "$message"
}

# shows WHAT COMMAND: the hint after misused().
shows()
{
	# shellcheck disable=SC2154 # run_both sets it
	contains "$stderr" "
hint: 'ioasidctl${2:+ $2} --help' shows its $1"
}

# meant COMMAND: the hint suggests it.
meant()
{
	# shellcheck disable=SC2154 # run_both sets it
	contains "$stderr" "
hint: did you mean 'ioasidctl $1'?"
}

@test "a missing or unknown command" {
	misused "ioasidctl: missing command"
	shows commands ""
	misused "ioasidctl: unknown command 'nonsense'" nonsense
	shows commands ""
	misused "ioasidctl: unknown command '\\x1b[31m'" $'\e[31m'
	misused "ioasidctl: unknown command 'nonsense'" iommu nonsense --help
	misused "ioasidctl: unknown command 'nonsense'" driver nonsense
	shows commands driver
}

@test "a mistyped command: a suggestion" {
	misused "ioasidctl: unknown command 'grup'" grup
	meant group
	misused "ioasidctl: unknown command 'devcie'" devcie list
	meant device
	misused "ioasidctl: unknown command 'lst'" group lst
	meant "group list"
	misused "ioasidctl: unknown command 'grahp'" system grahp
	meant "system graph"
	misused "ioasidctl: unknown command '5'" group 5
	meant "group show 5"
	misused "ioasidctl: unknown command 'eth0'" device eth0
	meant "device show eth0"
	misused "ioasidctl: unknown command '\\x1b[31m'" device $'\e[31m'
	meant 'device show \x1b[31m'
}

@test "output options before the noun mean the same" {
	local expected

	on intel-pasid group list -j -o group,type 5
	expected=$output
	on intel-pasid -j -o group,type group list 5
	succeeds
	equal "$output" "$expected"
	on intel-pasid --json --output=group,type group list 5
	equal "$output" "$expected"
	on intel-pasid -j group list -o group,type 5
	equal "$output" "$expected"
	on intel-pasid -nr -ogroup group
	equal "$(xargs <<<"$output")" "0 1 2 3 4 5 6 7 8 9 10 11 12"
	misused "ioasidctl: invalid option -- 'P'" -P device add 00:10.0
	misused "ioasidctl: unrecognized option '--jsn'" --jsn device list
	misused "ioasidctl: too many options" -n -n -n -n -n -n -n -n -n -n -n -n -n -n -n -n -n device list
}

@test "other options come after the command" {
	misused "ioasidctl: a verb must come before the options and 'show'" device -j show eth0
	meant "device show"
	misused "ioasidctl: a verb must come before the options and 'shwo'" device -j shwo eth0
	meant "device show"
	misused "ioasidctl: a verb must come before the options and 'eth0'" device -j eth0
	meant "device show eth0"
}

@test "what was typed does not steer the terminal, whoever says that it is wrong" {
	misused "ioasidctl: unrecognized option '--\\x1b[31mx'" device $'--\e[31mx'
	clean
	misused "ioasidctl: unrecognized option '--a\\x0aTry\\x1b'" device list $'--a\nTry\e'
	clean
	misused "ioasidctl: invalid option -- '\\x1b'" device list $'-j\e'
	clean
	misused "ioasidctl: unrecognized option '--\\x1b'" $'--\e' device
	clean
}

@test "a second format is refused" {
	local options

	for options in '-j -r' '-r -P' '-jP' '--json --pairs'; do
		# shellcheck disable=SC2086	# words
		misused "ioasidctl: -j, -r and -P cannot be combined" group list $options
	done
	misused "ioasidctl: -j, -r and -P cannot be combined" -j group list -r
	on intel-pasid group list -j -j 5
	succeeds
}

@test "operands: too few, too many, empty" {
	misused "ioasidctl: missing operand" group show
	shows "options and operands" "group show"
	misused "ioasidctl: unexpected operand '2'" group show 1 2
	misused "ioasidctl: an operand is empty" device show ''
	misused "ioasidctl: unexpected operand 'x'" driver list x
	misused "ioasidctl: missing operand" driver set eth0
	misused "ioasidctl: missing operand" pasid bind 00:10.0 1
}

@test "options: unknown, without a value" {
	misused "ioasidctl: unrecognized option '--jsn'" group list --jsn
	shows "options and operands" "group list"
	misused "ioasidctl: option requires an argument -- 'o'" group list -o
	misused "ioasidctl: invalid option -- 'x'" group list -x
}

@test "help shows what --help shows" {
	local command

	for command in '' group 'group list' 'context exec' system; do
		# shellcheck disable=SC2086	# words
		run_both "$IOASIDCTL" help $command
		succeeds
		# shellcheck disable=SC2086	# words
		equal "$output" "$("$IOASIDCTL" $command --help)"
	done
	run_both "$IOASIDCTL" help grup
	fails 2 "unknown command 'grup'" "did you mean 'ioasidctl group'?"
	run_both "$IOASIDCTL" -V
	succeeds
	equal "$output" "$("$IOASIDCTL" --version)"
}

@test "columns: unknown, empty" {
	local command

	for command in 'group list' 'group show 5' 'device list' 'iommu list' 'pasid list' 'driver list' 'system features'; do
		# shellcheck disable=SC2086	# words
		on intel-pasid $command -o nope
		fails 2 "nope: no such column" "--list-columns shows them all"
	done
	on intel-pasid group list -o group,nope,device
	fails 2 "nope: no such column" "--list-columns shows them all"
	on intel-pasid group list -o +nope
	fails 2 "nope: no such column" "--list-columns shows them all"
	on intel-pasid group list -o 'group,'
	[[ $status == 2 ]]
	on intel-pasid group list nope=1
	fails 2 "nope: no such column" "--list-columns shows them all"
	on intel-pasid group list -o $'\e[31m'
	[[ $status == 2 ]]
	says '\x1b[31m: no such column'
}

@test "no context is chosen, or it does not exist" {
	run_both env -u IOASIDCTL_CONTEXT XDG_RUNTIME_DIR="$BATS_TEST_TMPDIR" "$IOASIDCTL" ioas alloc
	[[ $status == 2 || $status == 5 ]] # 5: this machine has no IOMMU
	[[ -z $output ]]
}

@test "an invalid list of PASIDs: which rule it breaks" {
	local hint="PASIDs are a number, a range LO-HI, several of these separated by commas, or 'auto'"

	on intel-pasid pasid bind 00:10.0 10-20,15-30 x
	fails 2 '10-20,15-30: a PASID is in the list twice' "$hint"
	on intel-pasid pasid bind 00:10.0 33,33 x
	fails 2 '33,33: a PASID is in the list twice' "$hint"
	on intel-pasid pasid bind 00:10.0 1048576 x
	fails 2 '1048576: PASIDs have 20 bits at most' "$hint"
	on intel-pasid pasid unbind 00:10.0 9-3
	fails 2 '9-3: is not a valid list of PASIDs' "${hint/auto/all}"
	on intel-pasid pasid bind 00:10.0 auto x --count 0
	fails 2 '0: is not a valid number of PASIDs: it must be 1 to 1048575' \
		"'ioasidctl pasid bind --help' shows its options and operands"
	on intel-pasid ioas alloc x --name y
	fails 2 'x: NAME and --name cannot be combined'
	on intel-pasid ioas unmap x
	fails 2 'give either an IOVA or --all'
	for command in 'context create x' 'ioas alloc' 'ioas map x 4K' 'device add 00:10.0' 'pasid bind 00:10.0 1 x'; do
		# shellcheck disable=SC2086	# words
		on intel-pasid $command --json --dry-run
		ended 2
		says '--json and --dry-run cannot be combined'
	done
}

@test "options: an invalid value" {
	misused "ioasidctl: 1048576: is not a valid number of PASIDs: it must be 1 to 1048575" pasid bind 00:10.0 auto x --count 1048576
	misused "ioasidctl: 4Q: is not a valid IOVA" ioas unmap x 4Q
	misused "ioasidctl: 4K: is not a valid IOVA" ioas map x 4K --iova 4K
	shows "options and operands" "ioas map"
	misused "ioasidctl: --for takes one of vfio and sva" pasid why 00:10.0 --for SVA
	misused "ioasidctl: --depth takes one of iommu, group, device, pasid and process" system tree --depth bridge
	misused "ioasidctl: --force takes only driver-match" driver set 00:10.0 vfio-pci --force=use
	misused "ioasidctl: --anonymous and --arguments cannot be combined" system capture --arguments --anonymous -
}

@test "a capture cannot be changed, and has the captured contexts" {
	local command

	for command in 'context create x' 'context destroy x' 'ioas alloc -c x' 'device add -c x 00:10.0'; do
		# shellcheck disable=SC2086	# words
		on intel-pasid $command
		fails 2 "$BATS_FILE_TMPDIR/intel-pasid: a capture cannot be changed"
	done
	rm "$(own intel-pasid)/ioasidctl/contexts.json"
	for command in 'context list' 'context show x' 'ioas list' 'ioas show -c x 1'; do
		# shellcheck disable=SC2086	# words
		on intel-pasid $command
		fails 2 "$BATS_TEST_TMPDIR/intel-pasid: its contexts were not captured"
	done
}

@test "a tree that cannot be opened" {
	run_both "$IOASIDCTL" --sysroot /nowhere/at/all device list
	fails 6 "/nowhere/at/all: no such file or directory"
	run_both "$IOASIDCTL" --sysroot "$IOASIDCTL" device list -j
	fails 1 "$IOASIDCTL: is not an ioasidctl capture" "'ioasidctl system capture' writes one; a directory works as well"
	run_both "$IOASIDCTL" --sysroot '' device list
	[[ $status == 6 && -z $output ]]
}

@test "help and version need no kernel, no tree, no context" {
	local command

	for command in '' group 'group list' 'device show' 'pasid bind' 'context create' 'driver set' 'system features'; do
		# shellcheck disable=SC2086	# words
		run_both env -i "$IOASIDCTL" --sysroot /nowhere $command --help
		succeeds
		[[ $output == "Usage: ioasidctl"* ]]
		# shellcheck disable=SC2086	# words
		run_both env -i "$IOASIDCTL" $command --usage
		succeeds
	done
	run_both "$IOASIDCTL" --version
	succeeds
	[[ $output =~ ^ioasidctl\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "the program's name does not matter" {
	ln -s "$IOASIDCTL" "$BATS_TEST_TMPDIR/other"
	run_both "$BATS_TEST_TMPDIR/other" nothing
	[[ $status == 2 ]]
	begins "ioasidctl: unknown command 'nothing'"
}
