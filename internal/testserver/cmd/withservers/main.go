// Command withservers runs a command with throw-away PostgreSQL and Redis
// servers:
//
//	go run ./internal/testserver/cmd/withservers [-fsync] go test ./...
//	go run ./internal/testserver/cmd/withservers -install
//
// What is missing of them is installed with the system's package manager; with -install nothing else is done.
// The command finds them in TEST_DATABASE_URL and TEST_REDIS_URL. A server
// whose variable is already set is used instead. Signals are passed on, the
// servers end with the command, and its exit code is ours.
//
// Their files, and the temporary files of the command, are kept in memory where there is room (TMPDIR names the folder, and
// GOTMPDIR where Go builds), unless -fsync wants a disk or TMPDIR is set already.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"

	"github.com/i-agent/iagent/internal/testserver"
)

func main() {
	fsync := flag.Bool("fsync", false, "commits wait for the disk, as in production")
	install := flag.Bool("install", false, "install what is missing, and run nothing")
	flag.Parse()
	if *install == (flag.NArg() > 0) {
		fmt.Fprintln(os.Stderr, "usage: withservers [-fsync] command [argument ...]\n       withservers -install")
		os.Exit(2)
	}
	if *install {
		if err := testserver.Install(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, "withservers:", err)
			os.Exit(1)
		}
		return
	}
	code, err := run(testserver.Options{Fsync: *fsync}, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "withservers:", err)
	}
	os.Exit(code)
}

// run returns the exit code of the command; 1 when it could not be started.
func run(o testserver.Options, command []string) (int, error) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	env := os.Environ()
	started := make(chan error, 1)
	var stop []func() error
	go func() { started <- start(ctx, o, &env, &stop) }()
	var err error
	select {
	case err = <-started:
	case sig := <-signals:
		cancel()
		<-started
		err = fmt.Errorf("starting the servers: %v", sig)
	}
	defer func() {
		for _, s := range slices.Backward(stop) {
			s()
		}
	}()
	if err != nil {
		return 1, err
	}
	return child(command, env, signals)
}

// start installs what is missing, starts what is not given, and adds it to the environment.
func start(ctx context.Context, o testserver.Options, env *[]string, stop *[]func() error) error {
	// Tests start servers of their own, too, which they stop and start: also where the others are given.
	if err := testserver.Install(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "withservers:", err)
	}
	if err := useMemory(o, env, stop); err != nil {
		return err
	}
	if os.Getenv("TEST_DATABASE_URL") == "" {
		p, err := testserver.StartPostgres(ctx, o)
		if err != nil {
			return err
		}
		*stop = append(*stop, p.Close)
		*env = append(*env, "TEST_DATABASE_URL="+p.URL())
		fmt.Fprintln(os.Stderr, "withservers: PostgreSQL on", p.Addr())
	}
	if os.Getenv("TEST_REDIS_URL") == "" {
		r, err := testserver.StartRedis(ctx, o)
		if err != nil {
			return err
		}
		*stop = append(*stop, r.Close)
		*env = append(*env, "TEST_REDIS_URL="+r.URL())
		fmt.Fprintln(os.Stderr, "withservers: Redis on", r.Addr())
	}
	return nil
}

// useMemory moves the temporary files of this process and of the command into memory, where there is room.
func useMemory(o testserver.Options, env *[]string, stop *[]func() error) error {
	if o.Fsync || os.Getenv("TMPDIR") != "" {
		return nil
	}
	disk := os.TempDir()
	memory, err := testserver.MemoryFolder()
	if err != nil || memory == "" {
		return err
	}
	*stop = append(*stop, func() error { return os.RemoveAll(memory) })
	if os.Getenv("GOTMPDIR") == "" {
		*env = append(*env, "GOTMPDIR="+disk)
	}
	*env = append(*env, "TMPDIR="+memory)
	return os.Setenv("TMPDIR", memory)
}

// child runs the command in a process group of its own, so that every process
// of it gets each signal once, from the terminal or from us. The second signal
// kills.
func child(command, env []string, signals <-chan os.Signal) (int, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for n := 0; ; n++ {
		select {
		case err := <-done:
			return exitCode(err)
		case s := <-signals:
			sig, ok := s.(syscall.Signal)
			if !ok || n > 0 {
				sig = syscall.SIGKILL
			}
			syscall.Kill(-cmd.Process.Pid, sig)
		}
	}
}

func exitCode(err error) (int, error) {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		if err != nil {
			return 1, err
		}
		return 0, nil
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return exit.ExitCode(), nil
}
