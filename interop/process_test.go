package interop

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// startProcess starts a program that ends with this one, in a group of its
// own, so that endProcess reaches what it starts.
func startProcess(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return cmd.Start()
}

func endProcess(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	_ = cmd.Wait()
}

// startDriver starts a driver: a program that speaks lines of JSON over its
// standard input and output.
func startDriver(name, program string, args ...string) (p peer, stop func(), err error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(path, args...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := startProcess(cmd); err != nil {
		return nil, nil, err
	}
	var writing sync.Mutex
	w := newWire(name, func(data []byte) error {
		writing.Lock()
		defer writing.Unlock()
		_, err := stdin.Write(append(data, '\n'))
		return err
	})
	go func() {
		lines := bufio.NewScanner(stdout)
		lines.Buffer(nil, 1<<24)
		for lines.Scan() {
			w.deliver(lines.Bytes())
		}
		w.end(errors.Join(io.EOF, lines.Err()))
	}()
	return w, func() { endProcess(cmd) }, nil
}

// startNode starts an implementation for Node.js; npm ci in node/ installs
// them.
func startNode(name string) (peer, func(), error) {
	if _, err := os.Stat("node/node_modules"); err != nil {
		return nil, nil, err
	}
	return startDriver(name, "node", "peers/node.cjs", name)
}

// startAIORTC starts Debian's python3-aiortc, which belongs to Debian's Python.
func startAIORTC(name string) (peer, func(), error) {
	return startPython(name, "import aiortc", "peers/aiortc_peer.py")
}

// startGStreamer starts Debian's GStreamer with webrtcbin.
func startGStreamer(name string) (peer, func(), error) {
	return startPython(name, `import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import Gst, GstWebRTC
Gst.init(None)
assert all(Gst.ElementFactory.find(e) for e in ("webrtcbin", "nicesrc", "vp8enc", "x264enc", "opusenc"))`, "peers/gst_peer.py")
}

// startPython starts a driver for Debian's Python if what it imports is there.
func startPython(name, imports, driver string) (peer, func(), error) {
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", imports).Run(); err != nil {
		return nil, nil, errors.Join(fs.ErrNotExist, err)
	}
	return startDriver(name, python, driver)
}
