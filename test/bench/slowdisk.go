package main

import (
	"context"
	_ "embed" // for the source of the slow disk
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

//go:embed slowdisk/slowdisk.c
var slowDiskSource []byte

// buildSlowDisk builds the library that makes each flush slower, and returns the environment that a server takes it with.
func buildSlowDisk(ctx context.Context, each time.Duration) (environment []string, remove func(), err error) {
	compiler, err := exec.LookPath("gcc")
	if err != nil {
		return nil, nil, errors.New("-slow needs gcc (Debian: apt-get install gcc libc6-dev)")
	}
	folder, err := os.MkdirTemp("", "iagent-slowdisk-")
	if err != nil {
		return nil, nil, err
	}
	remove = func() { _ = os.RemoveAll(folder) }
	source, library := filepath.Join(folder, "slowdisk.c"), filepath.Join(folder, "slowdisk.so")
	err = errors.Join(os.Chmod(folder, 0o755), os.WriteFile(source, slowDiskSource, 0o600)) // the server may run as another user
	if err == nil {
		var out []byte
		if out, err = exec.CommandContext(ctx, compiler, "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl").CombinedOutput(); err != nil {
			err = fmt.Errorf("building the slow disk: %w\n%s", err, out)
		}
	}
	if err != nil {
		remove()
		return nil, nil, err
	}
	return []string{"LD_PRELOAD=" + library, "SLOWDISK_US=" + strconv.FormatInt(each.Microseconds(), 10)}, remove, nil
}
