package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of the times in /proc: Linux says 1/100 s to programs on every architecture.
const tick = 10 * time.Millisecond

// process is what /proc knows of one.
type process struct {
	pid, parent int
	name        string
	own         time.Duration // user and system time
	ended       time.Duration // the same of its children that ended
}

// readProcess reads /proc/pid/stat; false where there is no such thing. Source: proc_pid_stat(5).
func readProcess(pid int) (process, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, false
	}
	// The name is in parentheses and may hold anything.
	head, tail, ok := strings.Cut(string(text), "(")
	end := strings.LastIndexByte(tail, ')')
	if !ok || end < 0 || head == "" {
		return process{}, false
	}
	fields := strings.Fields(tail[end+1:])
	if len(fields) < 15 {
		return process{}, false
	}
	number := func(field int) int { // counted as in the manual, where the state is field 3
		n, _ := strconv.Atoi(fields[field-3])
		return n
	}
	return process{
		pid: pid, parent: number(4), name: tail[:end],
		own:   time.Duration(number(14)+number(15)) * tick,
		ended: time.Duration(number(16)+number(17)) * tick,
	}, true
}

// postmaster is the parent of a PostgreSQL backend, or 0 if that process is none of this machine's.
func postmaster(backend int) int {
	p, ok := readProcess(backend)
	if !ok || !strings.HasPrefix(p.name, "postgres") {
		return 0
	}
	return p.parent
}

// familyCPU is the processor time of a process and all children it ever had.
func familyCPU(pid int) (time.Duration, bool) {
	master, ok := readProcess(pid)
	if pid == 0 || !ok {
		return 0, false
	}
	total := master.own + master.ended
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, false
	}
	for _, dir := range dirs {
		child, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if p, ok := readProcess(child); ok && p.parent == pid {
			total += p.own
		}
	}
	return total, true
}

// ownCPU is the processor time of one process.
func ownCPU(pid int) (time.Duration, bool) {
	p, ok := readProcess(pid)
	return p.own, ok
}

// residentMemory is how much memory of a process is in RAM, in bytes, or 0. Source: proc_pid_statm(5).
func residentMemory(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(fields[1])
	return pages * os.Getpagesize()
}
