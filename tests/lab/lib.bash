# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What tests/lab/build and tests/lab/run share: where the cache is, and how what
# is in it is made. The recipes are functions because their text is part of
# the cache's key: `declare -f` prints them without comments, in one layout, so
# that only a change of what they do makes for a new key.

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/ioasidctl-lab

# In the unpacked tree: QEMU, its firmware, systemd for its varlinkctl, a jq that starts quickly, and the
# headers of a new kernel, which our declarations are compared with.
TOOLS_PACKAGES=(qemu-system-x86 seabios systemd jq linux-libc-dev)
QEMU_AT_LEAST=1:11.1
LINUX_AT_LEAST=6.15

say() { printf 'lab: %s\n' "$*" >&2; }
die() { printf 'lab: error: %s\n' "$*" >&2; exit 1; }

# Unpacks the Debian packages $2... into the folder $1.
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

# Makes a .config of the fragment $1 in the current directory, a kernel source.
kernel_config_recipe()
{
	make ARCH=x86_64 KCONFIG_ALLCONFIG="$1" allnoconfig
	make ARCH=x86_64 olddefconfig
}

# Builds the kernel in the current directory. Nothing of the builder's machine
# or of the hour gets into it.
kernel_build_recipe()
{
	KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=ioasidctl \
	KBUILD_BUILD_VERSION=1 KBUILD_BUILD_TIMESTAMP=$(LC_ALL=C date -u -r Makefile) \
		make ARCH=x86_64 LOCALVERSION=-lab -j "$(nproc)" bzImage
}

# Prints the key of $1, tools or kernel: a hash of all it is made of but the
# version of the packages.
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

# Prints the folder of $1, tools or kernel, in the cache; fails if there is none.
# KIND-KEY is a link to KIND-KEY-HASH, the hash being one of package versions.
lab_find()
{
	local link
	link=$CACHE/$1-$(lab_key "$1")
	# A kernel that was built before this was kept is built once more.
	[[ $1 != kernel || -e $link/modules.builtin.modinfo ]] || return
	[[ -e $link/complete ]] && readlink -f "$link"
}
