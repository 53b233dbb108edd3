// Command longcalls measures the memory that long recordings take: a process of its own transcribes several at once, as
// transcribe-recording does, and says how much more memory it held at its peak than before.
//
//	go run ./test/longcalls
//	go run ./test/longcalls -recordings 5 -minutes 60 -limit 200
//
// The recordings and the speech-to-text are this process's. Memory is that of the operating system's account (VmHWM), so
// it is measured on Linux only. Exit status 1 says that it was over the limit.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"time"

	"github.com/i-agent/iagent/test/measure"
)

func main() {
	var (
		recordings = flag.Int("recordings", 5, "how many are transcribed at once")
		minutes    = flag.Int("minutes", 60, "how long each is")
		limit      = flag.Int("limit", 200, "MB over idle that are too many")
	)
	flag.Parse()
	run := func() error { return compare(*recordings, *minutes, *limit) }
	if address := os.Getenv(serverVariable); address != "" {
		run = func() error { return transcribe(context.Background(), address, *recordings) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "longcalls:", err)
		os.Exit(1)
	}
}

// serverVariable tells the measured process where Twilio and the models are.
const serverVariable = "LONGCALLS_SERVER"

// compare runs the measured process and prints what it found.
func compare(recordings, minutes, limit int) error {
	long := &measure.LongRecordings{Minutes: minutes}
	server := httptest.NewServer(long.Handler())
	defer server.Close()
	program, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(program, os.Args[1:]...)
	cmd.Env, cmd.Stderr = append(os.Environ(), serverVariable+"="+server.URL), os.Stderr
	began := time.Now()
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("the measured process: %w", err)
	}
	var memory figures
	if err := json.Unmarshal(out, &memory); err != nil {
		return fmt.Errorf("the measured process said %q: %w", out, err)
	}
	fmt.Printf("%d recordings of %d minutes at once, %d MB: %d MB over idle (%d, then %d), %s heard, in %s\n",
		recordings, minutes, int64(recordings)*long.Bytes()>>20, memory.Peak-memory.Idle, memory.Idle, memory.Peak,
		long.Heard().Round(time.Minute), time.Since(began).Round(time.Second))
	switch sent := time.Duration(recordings) * 2 * time.Duration(minutes) * time.Minute; {
	case long.Heard() != sent:
		return fmt.Errorf("%s were heard of both sides, there are %s", long.Heard(), sent)
	case memory.Peak-memory.Idle > limit:
		return fmt.Errorf("the limit is %d MB", limit)
	}
	return nil
}

// figures are in MB.
type figures struct{ Idle, Peak int }
