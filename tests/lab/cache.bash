# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Shared by tests/lab/build and tests/lab/run: where the cache is, and how its contents are made.
# The recipes are functions because their text is part of the cache's key: `declare -f` prints them
# without comments and in a fixed layout, so that only a change of what they do changes the key.

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/ioasidctl-lab

# In the unpacked tree: QEMU, its firmware, systemd for varlinkctl, a jq that starts quickly, and
# the headers of a recent kernel, which our declarations are compared with.
TOOLS_PACKAGES=(qemu-system-x86 seabios systemd jq linux-libc-dev)
QEMU_AT_LEAST=1:11.1
LINUX_AT_LEAST=6.15

say() { printf 'lab: %s\n' "$*" >&2; }
die() { printf 'lab: error: %s\n' "$*" >&2; exit 1; }

# Unpacks the Debian packages $2... into the directory $1.
tools_recipe()
{
	local tree=$1 deb
	shift
	mkdir -p "$tree"
	for deb; do
		dpkg-deb --fsys-tarfile "$deb" |
			tar -x -C "$tree" --no-same-owner --exclude='./usr/share/doc/*' \
				--exclude='./usr/share/man/*' --exclude='./usr/share/locale/*'
	done
}

# Makes a .config from the fragment $1 in the current directory, a kernel source.
kernel_config_recipe()
{
	make ARCH=x86_64 KCONFIG_ALLCONFIG="$1" allnoconfig
	make ARCH=x86_64 olddefconfig
}

# Builds the kernel in the current directory, reproducibly: without host name, user or time.
kernel_build_recipe()
{
	KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=ioasidctl \
	KBUILD_BUILD_VERSION=1 KBUILD_BUILD_TIMESTAMP=$(LC_ALL=C date -u -r Makefile) \
		make ARCH=x86_64 LOCALVERSION=-lab -j "$(nproc)" bzImage
}

# Prints the key of $1, tools or kernel: a hash of everything it is made of, except the versions of
# packages.
lab_key()
{
	case $1 in
	tools)
		printf '%s\n' "${TOOLS_PACKAGES[@]}" "$QEMU_AT_LEAST"
		declare -f tools_recipe
		;;
	kernel)
		printf '%s\n' "$LINUX_AT_LEAST"
		sed '/^#/d; /^$/d' "$LAB/kernel.config"
		sed -n '/^--- /,$p' "$LAB/svm-without-smpwc.patch"
		declare -f kernel_config_recipe kernel_build_recipe
		;;
	esac | sha256sum | cut -c 1-12
}

# Prints the directory of $1, tools or kernel, in the cache; fails if there is none. KIND-KEY is a
# link to KIND-KEY-HASH, where HASH is that of the package versions.
lab_find()
{
	local link
	link=$CACHE/$1-$(lab_key "$1")
	# A kernel built without this file is rebuilt.
	[[ $1 != kernel || -e $link/modules.builtin.modinfo ]] || return
	[[ -e $link/complete ]] && readlink -f "$link"
}
