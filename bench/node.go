package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// nodeProgram returns the command that runs workloads on node-datachannel, or why
// there is none.
func nodeProgram() (command []string, why string) {
	_, source, _, ok := runtime.Caller(0)
	if !ok {
		return nil, "the directory of the sources is not known"
	}
	program, err := exec.LookPath("node")
	if err != nil {
		return nil, err.Error()
	}
	dir := filepath.Dir(source)
	modules := filepath.Join(dir, "..", "interop", "node", "node_modules")
	if _, err := os.Stat(filepath.Join(modules, "node-datachannel", "package.json")); err != nil {
		return nil, "it is not installed: " + err.Error()
	}
	return []string{program, filepath.Join(dir, "node", "channels.cjs"), modules}, ""
}

// nodeWorkload is a workload as node/channels.cjs takes it.
type nodeWorkload struct {
	Processes, Size int
	Reliable, Echo  bool
	Seconds         float64
}

// nodeArguments returns a workload as node/channels.cjs takes it, or nil if it has
// nothing to do with reliable data channels as they come.
func nodeArguments(w workload) *nodeWorkload {
	if w.size == 0 || w.fast || w.minor {
		return nil
	}
	return &nodeWorkload{Processes: w.processes, Size: w.size, Reliable: w.reliable, Echo: w.far.echo}
}

func nodeCommand(program []string, w workload, seconds float64) *exec.Cmd {
	a := nodeArguments(w)
	a.Seconds = seconds
	text, _ := json.Marshal(a) // has nothing that cannot be marshalled
	return exec.Command(program[0], append(program[1:], string(text))...)
}
