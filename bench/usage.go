package main

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// usage is what a process has used, and what has arrived at it, up to a moment.
type usage struct {
	Seconds    float64 // since some moment
	CPU        float64 // user and system seconds (getrusage)
	Mallocs    float64
	AllocBytes float64
	Items      float64 // messages or packets
	Bytes      float64 // of them
}

var processStart = time.Now()

// processUsage returns what this process has used. Items and Bytes are zero.
func processUsage() usage {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r) // cannot fail with a valid pointer
	return usage{
		Seconds:    time.Since(processStart).Seconds(),
		CPU:        seconds(r.Utime) + seconds(r.Stime),
		Mallocs:    float64(memory.Mallocs),
		AllocBytes: float64(memory.TotalAlloc),
	}
}

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }

// since returns what was used between two moments of one process.
func (u usage) since(before usage) usage {
	return usage{
		Seconds:    u.Seconds - before.Seconds,
		CPU:        u.CPU - before.CPU,
		Mallocs:    u.Mallocs - before.Mallocs,
		AllocBytes: u.AllocBytes - before.AllocBytes,
		Items:      u.Items - before.Items,
		Bytes:      u.Bytes - before.Bytes,
	}
}

// A tally counts what arrives.
type tally struct{ items, bytes atomic.Uint64 }

func (t *tally) add(n int) {
	t.items.Add(1)
	t.bytes.Add(uint64(n))
}

// openSockets counts the sockets among this process's file descriptors.
func openSockets() int {
	const dir = "/proc/self/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	n := 0
	for _, e := range entries {
		if to, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

// A profiler writes the profiles that a run was asked for.
type profiler struct {
	cpuFile, allocFile string // "" for none
	cpu                *os.File
}

// begin starts the CPU profile.
func (p *profiler) begin() error {
	if p.cpuFile == "" || p.cpu != nil {
		return nil
	}
	f, err := os.Create(p.cpuFile)
	if err != nil {
		return err
	}
	p.cpu = f
	return pprof.StartCPUProfile(f)
}

// end writes the profiles.
func (p *profiler) end() error {
	if p.cpu != nil {
		pprof.StopCPUProfile()
		if err := p.cpu.Close(); err != nil {
			return err
		}
		p.cpu, p.cpuFile = nil, ""
	}
	if p.allocFile == "" {
		return nil
	}
	f, err := os.Create(p.allocFile)
	if err != nil {
		return err
	}
	p.allocFile = ""
	defer f.Close()
	return pprof.Lookup("allocs").WriteTo(f, 0)
}
