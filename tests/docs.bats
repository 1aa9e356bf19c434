#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual pages, --help, the completion and README.md, compared with the program. $IOASIDCTL is
# the program, $BUILD/man has the pages.
# shellcheck disable=SC2001,SC2016 # sed's scripts are none of the shell's

bats_require_minimum_version 1.5.0

setup_file()
{
	local page

	load lib.bash
	TREE=$BATS_FILE_TMPDIR/tree
	TEXT=$BATS_FILE_TMPDIR/text
	# Readable by other users, unlike the directory of bats.
	PUBLIC=$(mktemp -d)
	export TREE TEXT PUBLIC
	chmod 755 "$PUBLIC"
	cp "$IOASIDCTL" "$PUBLIC/ioasidctl"
	"$IOASIDCTL" --dump-commands >"$TREE" || return 1
	mkdir "$TEXT" || return 1
	for page in "$BUILD"/man/*.8; do
		mandoc -T ascii -O width=200 "$page" | sed 's/.\x08//g' >"$TEXT/$(basename "$page" .8)"
	done
}

setup()
{
	load lib.bash
	unset SOURCE_DATE_EPOCH
}

teardown_file()
{
	rm -rf "$PUBLIC"
}

# The paths of all commands with commands (groups) or without (verbs), except the root.
groups()
{
	awk -F '\t' '$2 == "" && split($1, word, " ") == 2 { print word[2] }' "$TREE"
}

verbs()
{
	awk -F '\t' '$2 == "" && split($1, word, " ") == 3 { print word[2], word[3] }' "$TREE"
}

# The long options of a command.
options()
{
	awk -F '\t' -v path="$1" '$1 == path && $2 != "" { print $2 }' "$TREE"
}

operands()
{
	awk -F '\t' -v path="$1" '$1 == path && $2 == "" { print $3 }' "$TREE"
}

has_columns()
{
	options "ioasidctl $1 $2" | grep -qx -e --list-columns
}

columns()
{
	"$IOASIDCTL" "$1" "$2" --list-columns | awk '{ print tolower($1) }'
}

# A page as one line, to find text that may be broken into several.
flat()
{
	tr -s ' \n' ' ' <"$TEXT/$1"
}

# none WHAT LINES: fails and prints the lines if there are any.
none()
{
	[[ ! $2 ]] && return 0
	printf '%s\n%s\n' "$1:" "$2"
	return 1
}

@test "man: a page for the program and for each noun, and no other" {
	local expected

	expected="$(groups | sed 's/.*/ioasidctl-&/' | sort)
ioasidctl"
	equal "$(cd "$ROOT/man" && printf '%s\n' *.in | sed 's/\.8\.in$//')" "$expected"
	equal "$(cd "$TEXT" && printf '%s\n' ioasidctl-* ioasidctl)" "$expected"
}

@test "man: mandoc reports no warning" {
	run mandoc -T lint -W warning "$BUILD"/man/*.8
	none warnings "$output"
	((status == 0))
}

@test "man: the sections of a page, in their order" {
	local page order

	for page in "$TEXT"/*; do
		order=$'NAME\nSYNOPSIS\nDESCRIPTION\nCOMMANDS\nOPTIONS\nCOLUMNS\nEXIT STATUS\nENVIRONMENT'
		order+=$'\nFILES\nEXAMPLES\nSEE ALSO'
		[[ $page == */ioasidctl ]] && order=${order/COLUMNS$'\n'/}
		echo "$page"
		equal "$(sed '1d; $d' "$page" | grep '^[A-Z]')" "$order"
	done
}

@test "man: every noun and verb is named in ioasidctl(8)" {
	local noun

	for noun in $(groups); do
		flat ioasidctl | grep -qF " $noun $(awk -F '\t' -v path="ioasidctl $noun" \
			'$1 == path { print $5 }' "$TREE"). Verbs: $(verbs | awk -v noun="$noun" \
			'$1 == noun { printf "%s%s", sep, $2; sep = ", " }'). See ioasidctl-$noun(8)." ||
			none "ioasidctl(8) lacks" "$noun"
	done
}

@test "man: every verb with its operands is in the page of its noun, twice" {
	local noun verb

	while read -r noun verb; do
		none "SYNOPSIS or COMMANDS lack" "$(
			operands=$(operands "ioasidctl $noun $verb")
			flat "ioasidctl-$noun" | grep -qF "ioasidctl $noun $verb ${operands:+[}" ||
				flat "ioasidctl-$noun" | grep -qF "ioasidctl $noun $verb ${operands}" ||
				echo "ioasidctl $noun $verb"
			grep -qxF "   $noun $verb${operands:+ $operands}" "$TEXT/ioasidctl-$noun" ||
				echo "$noun $verb $operands"
		)"
	done < <(verbs)
}

@test "man: every option with its text is in the page of its noun" {
	local path option argument short text page

	while IFS=$'\x1f' read -r path option argument short text; do
		[[ $option ]] || continue
		page=${path// /-}
		[[ $path == *" "*" "* ]] && page=${page%-*}
		[[ $short == - ]] && short="" || short="-$short, "
		flat "$page" | grep -qF -e " $short$option${argument:+=$argument} $text" ||
			none "$page lacks" "$short$option${argument:+=$argument} $text"
	done < <(tr '\t' '\037' <"$TREE")
}

# If it differs between verbs, once for each.
@test "man: an option that several verbs share is described once per page" {
	local noun option kinds

	for noun in $(groups); do
		while read -r option kinds; do
			(($(grep -cE -e "^       ([-].*, )?$option(=| |\$)" "$TEXT/ioasidctl-$noun") == kinds)) ||
				none "$noun: not once" "$option"
		done < <(awk -F '\t' -v path="ioasidctl $noun " 'index($1, path) == 1 && $2 != "" {
			count[$2]++
			kinds[$2] += !seen[$2 $3 $4 $5]++
		}
		END {
			for (option in count)
				if (count[option] > 1)
					print option, kinds[option]
		}' "$TREE")
	done
}

@test "man: --help and --usage, which every command has, are in ioasidctl(8)" {
	grep -q '^       -h, --help$' "$TEXT/ioasidctl"
	grep -q '^       --usage$' "$TEXT/ioasidctl"
}

@test "man: the output options are explained in ioasidctl(8)" {
	local option

	while read -r option; do
		grep -qE -e "^       (-., )?$option(=| |\$)" "$TEXT/ioasidctl" ||
			none "not explained" "$option"
	done < <(options "ioasidctl group list")
}

@test "man: every column with its text is in the page of its noun" {
	local noun verb column text

	while read -r noun verb; do
		has_columns "$noun" "$verb" || continue
		while read -r column text; do
			# A "show" has other defaults than the list, whose columns the page has.
			text=${text% (default)}
			flat "ioasidctl-$noun" | grep -qF " $column $text" ||
				none "ioasidctl-$noun lacks" "$column $text"
		done < <("$IOASIDCTL" "$noun" "$verb" --list-columns)
	done < <(verbs)
}

# checks FILE...: what the questions in sources of model/diagnosis ask.
checks()
{
	grep -h -A1 'struct question ask_' "${@/#/$ROOT/src/model/diagnosis/}" |
		sed -n 's/^\(static .*{\)\?[[:space:]]*"\([a-z0-9-]*\)",.*/\2/p' | sort -u
}

@test "man: every check of pasid why is in its page" {
	local check n=0

	while read -r check; do
		flat ioasidctl-pasid | grep -qwF -- "$check" || none "ioasidctl-pasid lacks" "$check"
		n=$((n + 1))
	done < <(checks why_pasid_{driver,endpoint,kernel,unit}.c)
	((n > 20))
}

@test "man: every check of group why is in its page" {
	local check n=0

	while read -r check; do
		flat ioasidctl-group | grep -qwF -- "$check" || none "ioasidctl-group lacks" "$check"
		n=$((n + 1))
	done < <(checks guard.c why_group{,_share}.c | grep -vx bridge) # which is of driver set only
	((n == 15))
}

@test "man: the keys of tables in columns are in the page of their noun" {
	local file noun key pages

	for file in "$ROOT"/src/cmd/*.c "$ROOT"/src/cmd/*/*.c; do
		noun=${file#"$ROOT"/src/cmd/}
		noun=${noun%.c}
		noun=${noun%/*}
		pages=("$TEXT/ioasidctl-$noun")
		# A table that several nouns share.
		[[ -e ${pages[0]} ]] || pages=("$TEXT"/ioasidctl-*)
		while read -r key; do
			cat "${pages[@]}" | tr '\-A-Z' '_a-z' | grep -qwF "$key" ||
				none "ioasidctl-$noun lacks the key" "$key"
		done < <(sed -n 's/^\t{ "\([a-z_]*\)", "[^"]*", *\(OUT_.*\|0, .*\)\?$/\1/p' "$file")
	done
}

# The commands in the examples of the pages and of README.md, one per line.
examples()
{
	local file line words

	{
		for file in "$ROOT"/man/*.in; do
			sed -n '/^\.EX/,/^\.EE/ { /^\./!p }' "$file"
		done | sed 's/\\-/-/g; s/\\(aq/\x27/g; s/\\(dq/"/g; s/\\e$/\\/'
		sed -n '/^```/,/^```/p; /^    /p' "$ROOT/README.md"
		leaves | while read -r line; do
			read -ra words <<<"$line"
			"$IOASIDCTL" "${words[@]:1}" --help | sed -n '/^Example:$/,/^$/ s/^  //p'
		done
	} | sed -e ':again' -e '/\\$/ { N; s/\\\n//; b again' -e '}' |
		sed -n 's/^.*\(^\|[ (]\)ioasidctl \([-a-z].*\)$/\2/p' |
		sed 's/ [|>#&] .*//; s/)$//; s/["'\'']//g' | grep -v '^\(-- \|/\)'
}

# leaves: the paths of all commands that can be run.
leaves()
{
	awk -F '\t' '$2 == "" && $1 ~ / .* / { print $1 }' "$TREE"
}

@test "--help of every command ends with an example, the statuses that matter and its manual" {
	local path words text example

	while read -r path; do
		read -ra words <<<"$path"
		text=$("$IOASIDCTL" "${words[@]:1}" --help)
		example=$(sed -n '/^Example:$/,/^$/ s/^  //p' <<<"$text")
		[[ $example == "$path"* ]] || none "no example of $path" "$text"
		grep -qE '^Exit status: 0 done, [1-7] ' <<<"$text" || none "no statuses of $path" "$text"
		[[ ${text##*$'\n'} == "Manual: man ioasidctl-${words[1]}" ]] || none "no manual of $path" "$text"
		[[ -e $TEXT/ioasidctl-${words[1]} ]]
		# Parsed up to --help, which precedes another command line.
		read -ra words <<<"${example%% -- *}"
		"$IOASIDCTL" "${words[@]:1}" --help >/dev/null || none "not an example of $path" "$example"
	done < <(leaves)
}

@test "--help of every command: the statuses it mentions, and those of its options, are among its statuses" {
	local path words text status n=0

	while read -r path; do
		read -ra words <<<"$path"
		text=$("$IOASIDCTL" "${words[@]:1}" --help | tr -s ' \n' ' ')
		while read -r status; do
			grep -qE "Exit status: 0 done.*, $status [a-z]" <<<"$text" || none "no status $status of $path" "$text"
			((++n))
		done < <(
			grep -oE '\b[1-7] (where|if)\b|status is (then )?[1-7]\b|exit status [1-7]\b' <<<"${text%Example:*}" |
				grep -oE '[1-7]' || true
			# Options that override a check.
			if [[ ${text%Example:*} =~ --(force|replace) ]]; then echo 3; fi
		)
	done < <(leaves)
	((n > 10))
}

@test "man, README, --help: the examples are commands that exist, with columns that exist" {
	local line words path i argument operands n least most name known

	(($(examples | wc -l) > 30))
	while read -r line; do
		read -ra words <<<"${line%% -- *}"
		"$IOASIDCTL" "${words[@]}" --help >"$BATS_TEST_TMPDIR/help" 2>&1 ||
			none "no such command" "ioasidctl $line"
		path=ioasidctl n=0
		[[ $line == *" -- "* ]] && n=1
		for ((i = 0; i < ${#words[@]}; i++)); do
			name=${words[i]}
			[[ $name == -[!-]* ]] && name=-${name: -1}
			if [[ $name == -* ]]; then
				argument=$(awk -F '\t' -v path="$path" -v name="$name" \
					'$1 == path && ($2 == name || "-" $4 == name) { print $3 }' "$TREE")
				[[ $argument && $name != *=* ]] && ((++i))
				if [[ $argument == COL* ]]; then
					name=${words[i]//[+,]/ }
					read -ra known <<<"${name//_/-}"
					for name in "${known[@]}"; do
						# shellcheck disable=SC2086 # two words
						{ echo all; columns ${path#* }; } | grep -qix -e "$name" ||
							none "no such column" "$name: $line"
					done
				fi
			elif grep -q "^$path $name"$'\t' "$TREE"; then
				path+=" $name"
			else
				((++n))
				operands=$(operands "$path")
				if [[ $operands == *COLUMN=* && $name == *=* ]]; then
					# shellcheck disable=SC2086 # two words
					columns ${path#* } | grep -qix -e "$(tr _ - <<<"${name%%=*}")" ||
						none "no such column" "$line"
				fi
			fi
		done
		operands=$(operands "$path")
		operands=${operands/ -- / }
		least=$(wc -w <<<"${operands%%\[*}")
		most=$(wc -w <<<"$operands")
		[[ $operands == *...* ]] && most=99
		((n >= least && n <= most)) || none "wrong operands ($operands)" "ioasidctl $line"
	done < <(examples)
}

@test "man: commands named in the prose exist" {
	local line words

	while read -r line; do
		read -ra words <<<"$line"
		"$IOASIDCTL" "${words[@]:1}" --help >/dev/null || none "no such command" "$line"
	done < <(sed -n 's/\\-/-/g; s/^\.BR\? "\?\(ioasidctl [-a-z ]*\).*$/\1/p' "$ROOT"/man/*.in)
}

@test "man: referenced pages exist" {
	local page

	while read -r page; do
		[[ -e $TEXT/$page ]] || none "no such page" "$page"
	done < <(cat "$TEXT"/* | grep -oE 'ioasidctl(-[a-z]+)?\(8\)' | sed 's/(8)//' | sort -u)
}

# A program with unusual texts; generate() makes page $1 from it.
generate()
{
	cat >"$BATS_TEST_TMPDIR/program" <<-'END'
		#!/bin/bash
		if [[ $1 == --dump-commands ]]; then
			printf 'p\t\t\t-\tProgram\n'
			printf 'p n\t\t\t-\tNoun\n'
			printf 'p n v\t\tTHING -- WORD\t-\t.Begins "so", \\fBends\n'
			printf 'p n v\t--long-one\tIT\tl\t\x27quoted\x27 -- ~^`\n'
			printf 'p n v\t--list-columns\t\t-\tColumns\n'
			printf 'p n w\t\t\t-\tOther\np n w\t--list-columns\t\t-\tColumns\n'
		else
			echo 'A-COLUMN   .hidden -1 (default)'
		fi
	END
	chmod +x "$BATS_TEST_TMPDIR/program"
	printf '.TH N 8 @DATE@ "p @VERSION@" "x"\n.SH X\n%s\n' "$1" >"$BATS_TEST_TMPDIR/n.8.in"
	"$ROOT/man/generate" "$BATS_TEST_TMPDIR/program" 1.2-3 "$BATS_TEST_TMPDIR/n.8.in"
}

@test "generate: the program's texts appear literally in the page" {
	local text

	generate $'@SYNOPSIS n@\n@COMMANDS n@\n@VERB v@\nProse.\n@END@\n@COLUMNS n v@' \
		>"$BATS_TEST_TMPDIR/n.8"
	mandoc -T lint -W warning "$BATS_TEST_TMPDIR/n.8"
	text=$(mandoc -T ascii "$BATS_TEST_TMPDIR/n.8" | sed 's/.\x08//g' | tr -s ' \n' ' ')
	grep -F 'p n v [-l IT] [output options] THING -- WORD' <<<"$text"
	grep -F '.Begins "so", \fBends. Prose.' <<<"$text"
	grep -F -e "-l, --long-one=IT 'quoted' -- ~^\`." <<<"$text"
	grep -F 'A-COLUMN .hidden -1 (default).' <<<"$text"
	grep -F 'p 1.2-3' <<<"$text"
	none "a hyphen" "$(grep -n '[^\\]-' <(sed '1,2d' "$BATS_TEST_TMPDIR/n.8"))"
}

@test "generate: refuses what the program does not have" {
	local page

	for page in '@SYNOPSIS other@' '@COLUMNS n other@' '@NONSENSE n@' '@COMMANDS n@' \
		$'@COMMANDS n@\n@VERB other@\n@END@' $'@COMMANDS n@\nprose\n@END@'; do
		run --separate-stderr generate "$page"
		((status == 1)) || none "taken" "$page"
		# shellcheck disable=SC2154 # bats sets it
		[[ $stderr == generate:*n.8.in:* ]] || none "$page" "$stderr"
	done
}

@test "generate: the date is the source's, or SOURCE_DATE_EPOCH" {
	generate "" >/dev/null
	touch -d 2021-02-03T12:00:00Z "$BATS_TEST_TMPDIR/n.8.in"
	"$ROOT/man/generate" "$BATS_TEST_TMPDIR/program" 1 "$BATS_TEST_TMPDIR/n.8.in" |
		grep -qF '.TH N 8 2021-02-03 "p 1" "x"'
	SOURCE_DATE_EPOCH=0 "$ROOT/man/generate" "$BATS_TEST_TMPDIR/program" 1 \
		"$BATS_TEST_TMPDIR/n.8.in" | grep -qF '.TH N 8 1970-01-01 '
}

# The table "status | meaning" of README.md, and the list in ioasidctl(8), as "status meaning".
@test "README, man: the exit statuses have not changed" {
	local statuses="0 done
1 the kernel or the system refused; the message says what and why
2 wrong usage
3 refused by a safety check; the message says what would have been lost, and which option \
overrides it if one may
4 not permitted
5 this kernel or hardware cannot do it
6 no such device, group, context or object
7 done or shown in part; what was not done, or could not be read, is named"

	equal "$(sed -n '/^| status | meaning |$/,/^$/ s/^| \([0-9]*\) | \(.*\) |$/\1 \2/p' \
		"$ROOT/README.md")" "$statuses"
	equal "$(sed -n '/^EXIT STATUS/,/^ENVIRONMENT/ s/^       \([0-9]\) *\(.*\)$/\1 \2/p' \
		"$TEXT/ioasidctl")" "$statuses"
}

@test "README: the table of nouns and verbs is the program's" {
	equal "$(sed -n 's/^| `\([a-z]*\)` | \(.*\) |$/\1 \2/p' "$ROOT/README.md" |
		while read -r noun rest; do
			grep -oE '`[a-z]+`' <<<"$rest" | tr -d '`' | sed "s/^/$noun /"
		done)" "$(verbs)"
}

@test "version: the same in Makefile, spec, program and pages" {
	local version page

	version=$(sed -n 's/^VERSION := //p' "$ROOT/Makefile")
	[[ $version ]]
	equal "$(sed -n 's/^Version: *//p' "$ROOT/ioasidctl.spec")" "$version"
	equal "$(sed -n '/^%changelog/ { n; s/.* - \(.*\)-[0-9]*$/\1/p }' "$ROOT/ioasidctl.spec")" \
		"$version"
	equal "$("$IOASIDCTL" --version)" "ioasidctl $version"
	for page in "$TEXT"/*; do
		tail -n 1 "$page" | grep -q "^ioasidctl $version " || none "another version" "$page"
	done
}

@test "options: no command has a name or letter twice, nor one that --help has" {
	none "twice" "$(awk -F '\t' '$2 != "" { print $1, $2; if ($4 != "-") print $1, "-" $4 }' \
		"$TREE" | sort | uniq -d)"
	none "--help's" "$(awk -F '\t' '$2 == "--help" || $2 == "--usage" || $4 == "h"' "$TREE")"
}

@test "--help marks the first verb of each noun as default, as in the completion" {
	local noun

	for noun in $(groups); do
		equal "$("$IOASIDCTL" "$noun" --help | sed -E -e ':again' -e '$!N; s/\n {13}/ /; t again' -e 'P; D' |
			sed -n 's/^  \([a-z]*\) .*(default)$/\1/p')" \
			"$(verbs | sed -n "s/^$noun //p" | head -n 1)"
	done
}

# unprivileged COMMAND...: as nobody if the tests run as root, with an empty environment.
unprivileged()
{
	local as=()

	((EUID)) || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	(cd / && env -i HOME=/dev/null PATH="$PATH" LC_ALL="$LC_ALL" "${as[@]}" "$@")
}

@test "--help and --usage of every command need no privilege, home, /sys or udev" {
	local path words option trace=$PUBLIC/trace

	mkdir -m 777 "$trace"
	while read -r path; do
		read -ra words <<<"$path"
		for option in -h --help --usage; do
			run --separate-stderr unprivileged strace -f -qq -e trace=%file -o "$trace/log" \
				"$PUBLIC/ioasidctl" "${words[@]:1}" "$option"
			((status == 0)) && [[ $output && ! $stderr ]] ||
				none "$path $option: status $status" "$output$stderr"
			none "$path $option opens" "$(grep -E '"/(sys|proc|dev|run)(/|")' "$trace/log")"
		done
		[[ $output == Usage:\ "$path"* ]] || none "$path" "$output"
	done < <(awk -F '\t' '$2 == "" { print $1 }' "$TREE")
}

@test "--help names every option and command" {
	local path option name text words

	while IFS=$'\x1f' read -r path option _ _ text; do
		if [[ $option ]]; then
			name=$option
		else
			name=${path##* }
			path=${path% *}
		fi
		[[ $name == ioasidctl ]] && continue
		read -ra words <<<"$path"
		"$IOASIDCTL" "${words[@]:1}" --help | tr -s ' \n' ' ' |
			grep -qE -e " $name(=[^ ]*)? $(sed 's/[][().*+?|$^\\]/\\&/g' <<<"$text")" ||
			none "$path --help lacks" "$name $text"
	done < <(tr '\t' '\037' <"$TREE")
}

# complete WORD...: what is offered for the last word, one per line, sorted. In a bash with only the
# script. PROGRAM stands for the program.
complete()
{
	PROGRAM=${PROGRAM:-$IOASIDCTL} BREAKS=$' \t\n"\'@><=;|&(:' bash --norc -u -c '
		COMP_WORDBREAKS=$BREAKS
		source "$0"
		COMP_WORDS=(ioasidctl "$@") COMP_CWORD=$# COMPREPLY=()
		_ioasidctl "$PROGRAM" "${!#}" "${@:$#-1:1}"
		((${#COMPREPLY[@]})) || exit 0
		printf "%s\n" "${COMPREPLY[@]}" | sort
	' "$ROOT/completions/ioasidctl" "$@" 2>"$BATS_TEST_TMPDIR/stderr"
	none "stderr" "$(<"$BATS_TEST_TMPDIR/stderr")"
}

# offers EXPECTED WORD...: EXPECTED are words.
offers()
{
	local expected=$1

	shift
	echo "ioasidctl $*"
	equal "$(complete "$@")" "$(tr -s ' \t\n' '\n' <<<"$expected" | sed '/^$/d' | sort)"
}

@test "completion: nouns, verbs and options are those of the tree" {
	local path words

	offers "$(groups) help" ""
	offers "$(options ioasidctl) --help --usage" -
	while read -r path; do
		read -ra words <<<"$path"
		offers "$(options "$path") --help --usage" "${words[@]:1}" --
		[[ $path == *" "*" "* ]] || offers "$(verbs | sed -n "s/^${words[1]} //p")" "${words[1]}" ""
	done < <(awk -F '\t' '$2 == "" && $1 ~ / / && $1 ~ / .* / { print $1 }' "$TREE")
}

@test "completion: a noun's options are its first verb's" {
	local noun

	for noun in $(groups); do
		offers "$(options "ioasidctl $noun $(verbs | sed -n "s/^$noun //p" | head -n 1)")
			--help --usage" "$noun" -
		offers "$(verbs | sed -n "s/^$noun //p")" "$noun" ""
	done
	offers --list-columns device --li
	offers --list-columns device -j --li
	offers "" device -j ""
}

@test "completion: only what begins with the word" {
	offers "device driver" d
	offers "" nonsense
	offers "" nonsense ""
	offers "" device nonsense -
	offers --json group list --js
}

@test "completion: options before the noun and between operands are skipped" {
	offers "$(groups)" -c lab ""
	offers "$(groups)" --context=lab ""
	offers "$(groups)" --context = lab ""
	offers "$(verbs | sed -n 's/^pasid //p')" --sysroot /tmp -c lab pasid ""
	offers auto pasid bind -c lab 0000 : 03 : 00.0 --partial ""
	offers auto pasid bind --context = lab 0000 : 03 : 00.0 a
	offers all pasid unbind -clab eth1 ""
}

@test "completion: help takes a noun and a verb, and nothing more" {
	offers "help" hel
	offers "$(groups)" help ""
	offers "$(verbs | sed -n 's/^pasid //p')" help pasid ""
	offers "" help help ""
	offers "" help pasid -
	offers "" help pasid show ""
	offers "" pasid hel
}

@test "completion: columns of every list" {
	local noun verb

	while read -r noun verb; do
		has_columns "$noun" "$verb" || continue
		offers "all $(columns "$noun" "$verb")" "$noun" "$verb" -o ""
		offers "all $(columns "$noun" "$verb")" "$noun" "$verb" --output ""
		offers "all $(columns "$noun" "$verb")" "$noun" "$verb" --output =
	done < <(verbs)
	offers "all $(columns device list)" device -nro ""
	offers "$(columns device list | sed 's/^/+/')" device list -o +
	offers "device,driver device,driver-override" device list -o device,dri
	offers "+device,group" device list -o +device,gr
	offers "driver,driver-override" device list -o driver,dri
	offers "driver driver-override" device list --output = dri
}

@test "completion: for an option's argument that is new, a number or a directory, nothing is offered" {
	offers "" ioas alloc --name ""
	offers "" ioas alloc ""
	offers "" pasid bind --count ""
	offers "" ioas map --iova ""
	offers "" ioas map --offset ""
	offers "" context create ""
	offers "" group list --sysroot ""
	offers "" system capture ""
	offers "" system diff ""
	offers "" system diff before ""
}

@test "completion: the uses of a machine and of a device's PASIDs" {
	offers "passthrough pasid sva unprivileged" system check ""
	offers "pasid passthrough" system check sva pas
	offers "vfio sva" pasid why --for ""
}

# A program with the real tree, and its own devices and contexts; it records how it is called.
fake()
{
	cat >"$BATS_TEST_TMPDIR/fake" <<-END
		#!/bin/bash
		[[ \$1 == --dump-commands || \$3 == --list-columns ]] && exec "$IOASIDCTL" "\$@"
		echo "\$*" >>"$BATS_TEST_TMPDIR/asked"
		case "\$*" in
		*"device list"*) printf '%s\n' 0000:03:00.0 0000:03:00.1 platform.3 ;;
		*"group list"*) printf '%s\n' 7 12 ;;
		*"iommu list"*) printf '%s\n' dmar0 dmar1 ;;
		*"context list"*) printf '%s\n' lab vm1 1000:vm1 ;;
		*"--list-drivers eth1"*) printf '%s\n' e1000e vfio-pci ;;
		*"--list-drivers 0000:03:00.0 eth1"*) printf '%s\n' vfio-pci ;;
		*"ioas list"*) printf '%s\n' 'buffers 2' ' 5' ;;
		esac
		echo complaint >&2
		exit 1
	END
	chmod +x "$BATS_TEST_TMPDIR/fake"
	export PROGRAM=$BATS_TEST_TMPDIR/fake
}

@test "completion: devices, groups, units, contexts and IOASes come from the program" {
	fake
	offers "0000:03:00.0 0000:03:00.1 platform.3" --sysroot /tmp device show ""
	offers "7 12 0000:03:00.0 0000:03:00.1 platform.3" --sysroot /tmp group show ""
	offers "dmar0 dmar1" iommu show ""
	offers "lab vm1 1000:vm1" context show ""
	offers "lab vm1 1000:vm1" context destroy ""
	offers "lab vm1 1000:vm1" context exec ""
	offers "lab vm1 1000:vm1" device add -c ""
	offers "lab vm1 1000:vm1" -c ""
	offers "lab vm1 1000:vm1" pasid bind --context =
	offers vm1 context show 1000 : v
	offers vm1 device add -c 1000 :
	offers "buffers 2 5" ioas show -c lab ""
	offers "buffers 2 5" pasid bind -c lab eth1 auto ""
	offers "buffers" device attach -c lab eth1 b
	offers "" device show eth1 ""
	offers "" ioas free buffers ""
}

@test "completion: words with characters special to a shell are not offered" {
	local c

	for c in ';' '$' '`' '|' '&' '<' '>' '(' ')' "'" '"' $'\\' '*' '?' '[' ']' '{' '}' '~' '#' '!' '^' $'\t' $'\r'; do
		printf '%s\n' "a${c}b" "${c}plain" "plain$c"
	done >"$BATS_TEST_TMPDIR/names"
	echo plain-3.x_y >>"$BATS_TEST_TMPDIR/names"
	cat >"$BATS_TEST_TMPDIR/fake" <<-END
		#!/bin/bash
		[[ \$1 == --dump-commands ]] && exec "$IOASIDCTL" "\$@"
		cat "$BATS_TEST_TMPDIR/names"
	END
	chmod +x "$BATS_TEST_TMPDIR/fake"
	PROGRAM=$BATS_TEST_TMPDIR/fake offers plain-3.x_y ioas show -c lab ""
	PROGRAM=$BATS_TEST_TMPDIR/fake offers plain-3.x_y iommu show ""
}

@test "completion: a device is followed by the drivers that it may be bound to, and by other devices" {
	fake
	offers "0000:03:00.0 0000:03:00.1 platform.3" --sysroot /tmp driver set ""
	offers "e1000e vfio-pci 0000:03:00.0 0000:03:00.1 platform.3" --sysroot /tmp driver set eth1 ""
	offers "vfio-pci" driver set 0000:03:00.0 eth1 v
	offers "e1000e" --sysroot /tmp driver set --dry-run eth1 e
	offers "driver-match" driver set eth1 --force=
	offers "0000:03:00.0 0000:03:00.1 platform.3" --sysroot /tmp driver reset eth1 ""
}

@test "completion: only what follows the last colon is offered, as bash requires" {
	fake
	offers "03:00.0 03:00.1" --sysroot /tmp device show 0000 :
	offers "03:00.0 03:00.1" --sysroot /tmp device show 0000 : 03
	offers "00.1" --sysroot /tmp device show 0000 : 03 : 00.1
}

@test "completion: it looks at the same machine and context as the command line" {
	fake
	complete --sysroot /some/tree device show "" >/dev/null
	complete --sysroot=/other device show "" >/dev/null
	complete ioas show --context lab "" >/dev/null
	IOASIDCTL_CONTEXT=vm1 complete ioas show "" >/dev/null
	complete ioas show "" >/dev/null
	equal "$(<"$BATS_TEST_TMPDIR/asked")" "--sysroot /some/tree device list -nro device
--sysroot /other device list -nro device
ioas list -c lab -nro name,ioas
ioas list -c vm1 -nro name,ioas
ioas list -nro name,ioas"
}

@test "completion: terms of a list are its columns, and the values of the first" {
	fake
	offers "0000:03:00.0 0000:03:00.1 platform.3 $(columns device list | sed 's/$/=/')" \
		device list ""
	offers "7 12 $(columns group list | sed 's/$/=/')" group list driver = nvme ""
	offers "driver= driver-override=" device list dri
	offers "$(columns system diff | sed 's/$/=/')" system diff before after ""
}

@test "completion: what 'context exec' runs is a command with its own arguments" {
	complete context exec lab -- bas | grep -qx bash
	complete context exec lab bas | grep -qx bash
	offers "" context exec lab -- bash -
	offers "" context exec lab bash --he
}

@test "completion: a device of this machine is offered by its names" {
	local interface device

	device=$("$IOASIDCTL" device list -nro device | head -n 1)
	[[ ! $device ]] || complete device show "" | grep -qxF "$device"
	for interface in /sys/class/net/*/device; do
		[[ -e $interface ]] || continue
		interface=${interface%/device}
		complete device show "" | grep -qxF "${interface##*/}"
	done
}

@test "completion: if the program does not work, it offers and prints nothing" {
	PROGRAM=/nonexistent/ioasidctl offers "" ""
	PROGRAM=/bin/false offers "" device show ""
}

@test "completion: it needs no privilege" {
	cp "$ROOT/completions/ioasidctl" "$PUBLIC/completion"
	run --separate-stderr unprivileged bash --norc -c 'source "$0"
		COMP_WORDS=(ioasidctl group li) COMP_CWORD=2
		_ioasidctl "$1" li group
		echo "${COMPREPLY[*]}"' "$PUBLIC/completion" "$PUBLIC/ioasidctl"
	[[ $status == 0 && $output == list && ! $stderr ]]
}

@test "doc: every room is in architecture.md, and every file that it names is there" {
	local doc=$ROOT/doc/architecture.md room file

	while read -r room; do
		grep -qE "^\|.*\`$room(\.c|/\.\.\.)?\`.*\|" "$doc" || none "no row for the room" "$room"
	done < <(cd "$ROOT/src" && find . -mindepth 1 -type d -printf '%P\n' | grep -vxE 'cmd|model')
	while read -r file; do
		[[ -e $ROOT/$file || -e $ROOT/src/$file ]] || (cd "$ROOT/src" && find . -path "*/$file") | grep -q . || none "no such file" "$file"
	done < <(grep -oE '`[a-z_/]+\.(c|h|varlink)`' "$doc" | tr -d '`' | sort -u)
}
