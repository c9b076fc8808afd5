package main

import "strings"

// An arch is one of OpenWrt's package architectures and the environment that makes Go build for it: its processor is the
// least of those the architecture names, as OpenWrt's golang-values.mk has it (no floating-point unit in an ARM name means
// GOARM=5; of MIPS only "24kf" has one).
type arch struct {
	name string
	env  string // GOARCH, then its variant
}

var arches = []arch{
	{"x86_64", "GOARCH=amd64 GOAMD64=v1"},
	{"i386_pentium4", "GOARCH=386 GO386=sse2"},
	{"i386_pentium-mmx", "GOARCH=386 GO386=softfloat"},
	{"aarch64_generic", "GOARCH=arm64"},
	{"aarch64_cortex-a53", "GOARCH=arm64"},
	{"aarch64_cortex-a72", "GOARCH=arm64"},
	{"aarch64_cortex-a76", "GOARCH=arm64"},
	{"arm_cortex-a5_vfpv4", "GOARCH=arm GOARM=7"},
	{"arm_cortex-a7_neon-vfpv4", "GOARCH=arm GOARM=7"},
	{"arm_cortex-a8_vfpv3", "GOARCH=arm GOARM=7"},
	{"arm_cortex-a9_neon", "GOARCH=arm GOARM=7"},
	{"arm_cortex-a9_vfpv3-d16", "GOARCH=arm GOARM=7"},
	{"arm_cortex-a15_neon-vfpv4", "GOARCH=arm GOARM=7"},
	{"arm_arm1176jzf-s_vfp", "GOARCH=arm GOARM=6"},
	{"arm_cortex-a7", "GOARCH=arm GOARM=5"},
	{"arm_cortex-a9", "GOARCH=arm GOARM=5"},
	{"arm_arm926ej-s", "GOARCH=arm GOARM=5"},
	{"arm_xscale", "GOARCH=arm GOARM=5"},
	{"arm_fa526", "GOARCH=arm GOARM=5"},
	{"mips_24kc", "GOARCH=mips GOMIPS=softfloat"},
	{"mips_4kec", "GOARCH=mips GOMIPS=softfloat"},
	{"mips_mips32", "GOARCH=mips GOMIPS=softfloat"},
	{"mipsel_24kc", "GOARCH=mipsle GOMIPS=softfloat"},
	{"mipsel_74kc", "GOARCH=mipsle GOMIPS=softfloat"},
	{"mipsel_mips32", "GOARCH=mipsle GOMIPS=softfloat"},
	{"mipsel_24kc_24kf", "GOARCH=mipsle GOMIPS=hardfloat"},
	{"mips64_octeonplus", "GOARCH=mips64 GOMIPS64=softfloat"},
	{"mips64_mips64r2", "GOARCH=mips64 GOMIPS64=softfloat"},
	{"mips64el_mips64r2", "GOARCH=mips64le GOMIPS64=softfloat"},
	{"riscv64_generic", "GOARCH=riscv64"},
	{"loongarch64_generic", "GOARCH=loong64"},
}

// goarch is its processor, as Go calls it.
func (a arch) goarch() string {
	goarch, _, _ := strings.Cut(strings.TrimPrefix(a.env, "GOARCH="), " ")
	return goarch
}
