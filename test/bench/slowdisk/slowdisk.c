// A slow disk for any program that calls the C library: each flush takes longer by SLOWDISK_US microseconds.
//
//	gcc -shared -fPIC -O2 -o slowdisk.so slowdisk.c -ldl
//	SLOWDISK_US=2000 LD_PRELOAD=$PWD/slowdisk.so postgres -D data
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void wait_for_disk(void) {
	const char *text = getenv("SLOWDISK_US");
	long us = text ? atol(text) : 0;
	struct timespec t = {us / 1000000, us % 1000000 * 1000};
	nanosleep(&t, NULL);
}

int fsync(int fd) {
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
	wait_for_disk();
	return real(fd);
}

int fdatasync(int fd) {
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
	wait_for_disk();
	return real(fd);
}
