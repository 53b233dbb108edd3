// Package measure has what several measurements need: what a process used, a list of contacts, and recordings of long calls.
package measure

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Usage is what a process used.
type Usage struct {
	// Time is from its start to its end, CPU the processor time of user and system.
	Time, CPU time.Duration
	// Peak is the most memory that it held at a time, in MB.
	Peak int
}

// Command runs a command and returns what it printed. Its error quotes what the command said.
func Command(cmd *exec.Cmd) (out []byte, used Usage, err error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, used, err
	}
	ended := make(chan struct{})
	peak := make(chan int, 1)
	go watchMemory(cmd.Process.Pid, ended, peak)
	err = cmd.Wait()
	close(ended)
	used.Time, used.Peak = time.Since(began), <-peak
	if err != nil {
		err = fmt.Errorf("%s: %w\n%.1000s\n%.1000s", strings.Join(cmd.Args, " "), err, stdout.String(), stderr.String())
	}
	if state := cmd.ProcessState; state != nil {
		used.CPU = state.UserTime() + state.SystemTime()
	}
	return stdout.Bytes(), used, err
}

// watchMemory reads the most memory that a process has held, a hundred times a second, until it ends. What the system tells after
// the end (ru_maxrss) counts the memory of whoever started it, too.
func watchMemory(pid int, ended <-chan struct{}, peak chan<- int) {
	most := 0
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		if now, err := Memory(pid, "VmHWM"); err == nil {
			most = max(most, now)
		}
		select {
		case <-ended:
			peak <- most
			return
		case <-ticker.C:
		}
	}
}

// Memory reads a figure of a process's account, such as VmRSS or VmHWM, in MB.
func Memory(pid int, name string) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("measuring memory: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			kb, err := strconv.Atoi(strings.Fields(value)[0])
			return kb >> 10, err
		}
	}
	return 0, fmt.Errorf("measuring memory: there is no %s", name)
}

// Processor is the processor time of a process so far: fields 14 and 15 of its account, in hundredths of a second.
func Processor(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("measuring processor time: %w", err)
	}
	_, after, _ := strings.Cut(string(stat), ") ") // the name of the program, the second field, may have blanks
	fields, ticks := strings.Fields(after), 0
	for _, field := range fields[min(11, len(fields)):min(13, len(fields))] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0, fmt.Errorf("measuring processor time: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}
