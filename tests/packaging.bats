#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What 'make dist' packs, 'make install' installs and 'make uninstall' removes, and the RPM built
# only from the tarball. $BUILD has what was built.
bats_require_minimum_version 1.5.0

setup_file()
{
	load lib.bash
	cd "$BATS_FILE_TMPDIR" || return 1
	VERSION=$(sed -n 's/^VERSION := //p' "$ROOT/Makefile")
	TARBALL=$PWD/dist/ioasidctl-$VERSION.tar.gz
	INSTALLED=$PWD/installed
	RPMS=$PWD/rpm
	export VERSION TARBALL INSTALLED RPMS
	make -s -C "$ROOT" BUILD="$PWD/dist" dist || return 1
	make -s -C "$ROOT" BUILD="$BUILD" DESTDIR="$INSTALLED" prefix=/usr install || return 1
	# Less optimisation saves a third of the time.
	rpmbuild -ta --nodeps --define "_topdir $RPMS" --define 'optflags -O1' "$TARBALL" >rpm.log 2>&1 ||
		{ tail -n 40 rpm.log; return 1; }
}

setup()
{
	load lib.bash
}

# schemas DIRECTORY: one of each verb that prints JSON, there.
schemas()
{
	printf "$1/%s.schema.json\n" context-{create,list,monitor,show} device-{add,list,show} driver-list \
		group-{list,show,why} hwpt-{alloc,list,show} ioas-{alloc,list,map,show} iommu-{list,show} \
		pasid-{bind,list-sources,list,map,show,translate,why} system-{check,diff,explain,features,tree}
}

FILES=$(LC_ALL=C sort <<END
/usr/bin/ioasidctl
/usr/lib/systemd/system/ioasidctl-context@.service
/usr/share/bash-completion/completions/ioasidctl
/usr/share/doc/ioasidctl/LICENSE
/usr/share/doc/ioasidctl/README.md
/usr/share/ioasidctl/org.ioasidctl.Context.varlink
$(schemas /usr/share/ioasidctl)
/usr/share/man/man8/ioasidctl-context.8
/usr/share/man/man8/ioasidctl-device.8
/usr/share/man/man8/ioasidctl-driver.8
/usr/share/man/man8/ioasidctl-group.8
/usr/share/man/man8/ioasidctl-hwpt.8
/usr/share/man/man8/ioasidctl-ioas.8
/usr/share/man/man8/ioasidctl-iommu.8
/usr/share/man/man8/ioasidctl-pasid.8
/usr/share/man/man8/ioasidctl-system.8
/usr/share/man/man8/ioasidctl.8
END
)

# The files of the project: git's, or without git all that were not built. Files only for git are
# not packed.
project()
{
	local git=(git -C "$ROOT" -c safe.directory="$ROOT" -c core.quotePath=false)

	if [[ -e $ROOT/.git ]]; then
		comm -23 <("${git[@]}" ls-files --cached --others --exclude-standard | sort -u) \
			<("${git[@]}" ls-files --deleted | sort)
	else
		(cd "$ROOT" && find . -path ./build -prune -o -type f -printf '%P\n' | sort)
	fi | grep -vx .gitignore
}

# The package's files and directories with their modes, without rpm's links to debugging
# information; its tools may have compressed the pages.
packaged()
{
	rpm -qp --qf '[%{FILEMODES:perms} %{FILENAMES}\n]' "$RPMS"/RPMS/*/ioasidctl-*.rpm |
		sed '/\/usr\/lib\/\.build-id/d; s/\(\.8\)\.[a-z]*$/\1/' | LC_ALL=C sort -k 2
}

@test "the tarball has every file of the project, and nothing that was built" {
	equal "$(tar -tzf "$TARBALL" | sed -n "s,^ioasidctl-$VERSION/\(.*[^/]\)$,\1,p" | sort)" \
		"$(project)"
}

@test "everything in the tarball is in one directory, and owned by root" {
	run ! grep -v "^ioasidctl-$VERSION/" <(tar -tzf "$TARBALL")
	run ! grep -vE '^[-dl][-rwx]+ root/root ' <(tar -tvzf "$TARBALL")
}

@test "the same tree gives the same tarball" {
	make -s -C "$ROOT" BUILD="$BATS_TEST_TMPDIR" dist
	cmp "$TARBALL" "$BATS_TEST_TMPDIR/ioasidctl-$VERSION.tar.gz"
}

@test "what is installed" {
	equal "$(cd "$INSTALLED" && find . ! -type d -printf '/%P\n' | LC_ALL=C sort)" "$FILES"
	equal "$(find "$INSTALLED" ! -type d ! -perm 644 -printf '%m %P\n')" "755 usr/bin/ioasidctl"
	equal "$("$INSTALLED/usr/bin/ioasidctl" --version)" "ioasidctl $VERSION"
}

@test "directories can be set one by one" {
	local dest=$BATS_TEST_TMPDIR/root
	local variables=(bindir=/a datadir=/b mandir=/c bashcompdir=/d docdir=/e unitdir=/f)

	make -s -C "$ROOT" BUILD="$BUILD" DESTDIR="$dest" "${variables[@]}" install
	equal "$(cd "$dest" && find . ! -type d -printf '%P\n' | sed 's/ioasidctl-.*\.8/PAGE/' |
		LC_ALL=C sort -u)" "a/ioasidctl
$({ echo b/ioasidctl/org.ioasidctl.Context.varlink; schemas b/ioasidctl; } | LC_ALL=C sort)
c/man8/PAGE
c/man8/ioasidctl.8
d/ioasidctl
e/LICENSE
e/README.md
f/ioasidctl-context@.service"
	grep -qx 'ExecStart=/a/ioasidctl context create --foreground %i' "$dest/f/ioasidctl-context@.service"
	make -s -C "$ROOT" BUILD="$BUILD" DESTDIR="$dest" "${variables[@]}" uninstall
	equal "$(find "$dest" ! -type d)" ""
}

@test "systemd accepts the unit" {
	local unit=$BATS_TEST_TMPDIR/ioasidctl-context@x.service

	sed "s,^ExecStart=[^ ]*,ExecStart=$IOASIDCTL," \
		"$INSTALLED/usr/lib/systemd/system/ioasidctl-context@.service" >"$unit"
	equal "$(systemd-analyze verify --man=no "$unit" 2>&1)" ""
}

@test "uninstall leaves nothing behind, and does not touch other files" {
	local dest=$BATS_TEST_TMPDIR/root

	cp -a "$INSTALLED" "$dest"
	touch "$dest/usr/bin/other" "$dest/usr/share/man/man8/other.8"
	make -s -C "$ROOT" BUILD="$BUILD" DESTDIR="$dest" prefix=/usr uninstall
	equal "$(cd "$dest" && find . ! -type d | LC_ALL=C sort)" "./usr/bin/other
./usr/share/man/man8/other.8"
	equal "$(find "$dest" -name '*ioasidctl*')" ""
}

@test "the RPM has what 'make install' installs, and owns its directories" {
	equal "$(packaged)" "$(
		{
			sed 's/^/-rw-r--r-- /; s,^.* \(.*/bin/\),-rwxr-xr-x \1,' <<<"$FILES"
			printf 'drwxr-xr-x /usr/share/%s\n' ioasidctl doc/ioasidctl
		} | LC_ALL=C sort -k 2)"
}

@test "the RPM says what it is" {
	local rpm

	rpm=$(printf '%s\n' "$RPMS"/RPMS/*/*.rpm)
	equal "$(rpm -qp --qf '%{NAME} %{VERSION} %{LICENSE}' "$rpm")" \
		"ioasidctl $VERSION GPL-2.0-or-later"
	equal "$(rpm -qpL "$rpm")" /usr/share/doc/ioasidctl/LICENSE
	contains "$(rpm -qpd "$rpm")" /usr/share/doc/ioasidctl/README.md
	equal "$(rpm -qp --scripts "$rpm")" ""
	contains "$(rpm -qp --requires "$rpm")" libudev.so.1
}

@test "the source RPM has the tarball and the spec" {
	equal "$(rpm -qpl "$RPMS"/SRPMS/*.src.rpm)" "ioasidctl-$VERSION.tar.gz
ioasidctl.spec"
}

@test "the RPM's build looked for no packages and installed none" {
	run ! grep -nE 'deps: |apt-get' "$BATS_FILE_TMPDIR/rpm.log"
}
