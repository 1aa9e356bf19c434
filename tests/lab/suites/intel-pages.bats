#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the program shows of I/O page tables, compared with what was mapped: 'pages' reports the
# pages and sizes to expect, the kernel's trace of iommu_map() their physical addresses.

load machine

STAGE=first-stage
[[ $LAB_MACHINE != *-second ]] || STAGE=second-stage
TRACE=/sys/kernel/tracing
PASIDS=(0 7 42)
LAST=41 # an unbound one

setup_file()
{
	local node dir=$BATS_FILE_TMPDIR

	ctl driver set "$WIDE" vfio-pci
	node=/dev/vfio/devices/$(ctl device show "$WIDE" -nro vfio_cdev)
	: >"$TRACE/trace"	# left over from the previous run
	echo 1 >"$TRACE/events/iommu/map/enable"
	mkfifo "$dir/hold"
	"${IOASIDCTL%/*}/tests/lab/suites/pages" "$node" 0 7 42 <"$dir/hold" >"$dir/pages" 3>&- &
	exec 7>"$dir/hold"
	eventually grep -qx ready "$dir/pages"
	echo 0 >"$TRACE/events/iommu/map/enable"
	expect <"$dir/pages" >"$dir/expected"
	# All kinds of pages occur.
	[[ $(awk '{ print $4 }' "$dir/expected" | sort -nu | xargs) == '4096 2097152 1073741824' ]]
}

teardown_file()
{
	exec 7>&-
	wait
	ctl driver reset "$WIDE"
}

# Turns "PASID IOVA SIZE ACCESS" into "PASID IOVA PHYSICAL SIZE ACCESS", using the trace.
expect()
{
	# shellcheck disable=SC2016 # perl expands it
	grep ' map: ' "$TRACE/trace" | perl -e '
		while (<STDIN>) {
			/iova=(\w+) - (\w+) paddr=(\w+)/ and push @maps, [map { hex } $1, $2, $3];
		}
		open my $pages, "<", $ARGV[0] or die;
		while (<$pages>) {
			my ($pasid, $iova, $size, $access) = split or die;
			last if $pasid eq "ready";
			my ($map) = grep { $$_[0] <= hex $iova and hex($iova) < $$_[1] } @maps;
			printf "%s %s 0x%x %s %s\n", $pasid, $iova, hex($iova) - $$map[0] + $$map[2],
				$size, $access;
		}' "$BATS_FILE_TMPDIR/pages"
}

# translated PASID OFFSET: the program prints the expected row for every page, for the address
# OFFSET times its size after its beginning. Samples a large number of pages.
translated()
{
	local pasid=$1 offset=$2 rows iovas

	# shellcheck disable=SC2016 # perl expands it
	rows=$(perl -ane '
		next if $F[0] ne '"$pasid"' or $F[3] == 4096 && $seen{$F[4]}++ > 3 && $seen{$F[4]} != 20;
		my $offset = int('"$offset"' * ($F[3] - 1));
		printf "0x%x 0x%x %d %s\n", hex($F[1]) + $offset, hex($F[2]) + $offset, $F[3], $F[4];
		' "$BATS_FILE_TMPDIR/expected")
	iovas=$(awk '{ print $1 }' <<<"$rows")
	(($(wc -l <<<"$rows") > 8))
	# shellcheck disable=SC2086 # words
	status 0 ctl pasid translate "$WIDE" "$pasid" $iovas -nro iova,physical,page_size,access
	diff -u <(echo "$rows") - <<<"$output"
}

@test "every kind of page is where the kernel mapped it: first byte, last byte, one between" {
	local pasid

	for pasid in "${PASIDS[@]}"; do
		translated "$pasid" 0
		translated "$pasid" 1
		translated "$pasid" 0.3
	done
}

@test "without a PASID it is the table of the device's own requests" {
	local row

	read -r _ iova physical _ < <(grep '^0 ' "$BATS_FILE_TMPDIR/expected")
	[[ $(ctl pasid translate "$WIDE" "$iova" -nro pasid,physical) == "0 $physical" ]]
	row=$(ctl pasid translate "$WIDE" 42 "$(awk '$1 == 42 { print $2; exit }' \
		"$BATS_FILE_TMPDIR/expected")" -j)
	[[ $(jq -r '.[0].stage' <<<"$row") == "$STAGE" ]]
	[[ $(jq -r '[.[0].walk[].level] | join(" ")' <<<"$row") == 'PML4 PDPT PD PT' ]]
	[[ $(jq -r '.[0].walk[0].entry' <<<"$row") == 0x* ]]
}

@test "the levels lead from the table in the IOMMU to the page" {
	local row level

	row=$(ctl pasid translate "$WIDE" 7 0x2000200123 0x2040000000 -j)
	[[ $(jq -r '[.[].walk[-1].level] | join(" ")' <<<"$row") == 'PD PDPT' ]]
	[[ $(jq -r '[.[].walk[-1].flag | index("large") != null] | all' <<<"$row") == true ]]
	[[ $(jq -r '[.[].walk[-1].address] | join(" ")' <<<"$row") == \
		"$(awk '$2 == "0x2000200000" || $2 == "0x2040000000" { print $3 }' \
			"$BATS_FILE_TMPDIR/expected" | xargs)" ]]
	# Both walks share their entries down to the level where they diverge.
	level=$(jq -r '.[0].walk[0].entry == .[1].walk[0].entry and
		.[0].walk[1].entry != .[1].walk[1].entry' <<<"$row")
	[[ $level == true ]]
}

@test "a walk to an unmapped address ends where the kernel has no entry, and the status says so" {
	local base=$((0x3000000000)) iovas

	# Between pages; after the last page of a table; where there is no table; where there is no
	# directory.
	mapfile -t iovas < <(printf '0x%x\n' $((base)) $((base + 0x7000)) $((base + 0x600000)) \
		$((base + 0x811000)) $((base + 0x80000000)) $((base + 0x8000000000)))
	status 6 ctl pasid translate "$WIDE" 42 "${iovas[@]}" -j
	says "${iovas[0]}: is not mapped"
	says "${iovas[5]}: is not mapped"
	[[ $(jq -r '[.[].state] | unique | join(" ")' <<<"$output") == unmapped ]]
	[[ $(jq -r '[.[].walk[-1].level] | join(" ")' <<<"$output") == 'PT PT PD PT PDPT PML4' ]]
	[[ $(jq -r '[.[] | .physical, .access, .walk[-1].entry] | unique == [null]' <<<"$output") == true ]]
	status 7 ctl pasid translate "$WIDE" 42 "${iovas[0]}" 0x3000001000 -nro state
	[[ $output == $'unmapped\nmapped' ]]
	# Addresses of another table are not mapped here.
	status 6 ctl pasid translate "$WIDE" 7 0x3000001000
	status 6 ctl pasid translate "$WIDE" 7 0x1000000000000 -nro state
	[[ $output == beyond ]]
	says '0x1000000000000: is not an address of a'
}

# merged PASID PHYSICAL: the output of 'pasid map' for the expected pages.
merged()
{
	# shellcheck disable=SC2016 # perl expands it
	perl -ane '
		sub flush {
			printf "0x%x 0x%x %d %s %s %s\n", $start, $end - 1, $end - $start, $access,
				$contiguous ? sprintf "0x%x", $physical : "",
				join ",", sort { $a <=> $b } keys %sizes if $end;
		}
		next if $F[0] ne '"$1"';
		my ($iova, $to) = (hex $F[1], hex $F[2]);
		my $follows = $end && $to == $physical + $iova - $start;
		if (!$end || $iova != $end || $access ne $F[4] || '"$2"' && !$follows) {
			flush;
			($start, $physical, $access, $contiguous, %sizes) = ($iova, $to, $F[4], 1);
		} elsif (!$follows) {
			$contiguous = 0;
		}
		$sizes{$F[3]} = 1;
		$end = $iova + $F[3];
		END { flush }' "$BATS_FILE_TMPDIR/expected"
}

@test "map has every range with its page sizes, merged either way" {
	local pasid columns=iova,end,size,access,physical,page

	for pasid in "${PASIDS[@]}"; do
		diff -u <(merged "$pasid" 0) <(ctl pasid map "$WIDE" "$pasid" -nro $columns)
		diff -u <(merged "$pasid" 1) <(ctl pasid map "$WIDE" "$pasid" --physical -nro $columns)
		[[ $(merged "$pasid" 0 | wc -l) == 5 ]]
	done
	[[ $(ctl pasid map "$WIDE") == "$(ctl pasid map "$WIDE" 0)" ]]
	[[ $(ctl pasid map "$WIDE" 42 -j | jq -c '.[3].page') == '[{"size":4096,"count":16}]' ]]
	[[ $(ctl pasid map "$WIDE" 42 -j | jq -r '.[4].page[0].size') == 1073741824 ]]
}

@test "a PASID that is not bound, and an empty table" {
	status 6 ctl pasid map "$WIDE" $LAST
	says "PASID $LAST is not bound"
	status 6 ctl pasid translate "$WIDE" $LAST 0x1000
	status 0 ctl pasid map 0000:00:1f.2 -j
	[[ $output == '[]' ]]
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
