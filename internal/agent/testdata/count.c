// A plug-in for qemu's user emulation: it counts the instructions that a program executes, in a file that can be read at any
// time. BenchmarkInstructions builds it. What it uses of the interface (qemu's docs, "TCG Plugins") has been the same in all of
// its versions; VERSION is the one that the qemu at hand wants to be asked for.
//
//	qemu-mipsel -plugin ./count.so,to=FILE PROGRAM        FILE begins with eight octets for the number
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

struct qemu_plugin_tb; // a block: instructions that are executed one after the other
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*)(uint64_t id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*)(unsigned cpu, void *), int registers, void *);

int qemu_plugin_version = VERSION;
static uint64_t *count;

static void executed(unsigned cpu, void *instructions)
{
	__atomic_fetch_add(count, (uintptr_t)instructions, __ATOMIC_RELAXED);
}

static void translated(uint64_t id, struct qemu_plugin_tb *block)
{
	qemu_plugin_register_vcpu_tb_exec_cb(block, executed, 0, (void *)(uintptr_t)qemu_plugin_tb_n_insns(block));
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	int file = argc == 1 && strncmp(argv[0], "to=", 3) == 0 ? open(argv[0] + 3, O_RDWR) : -1;
	if (file < 0)
		return 1;
	count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (count == MAP_FAILED)
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
