package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"github.com/parleyrtc/webrtc/examples/internal/web"
)

// serve is the quickstart with -web: it shows the page until the context ends.
func serve(ctx context.Context, o options, out io.Writer) error {
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return fmt.Errorf("%w; -addr 127.0.0.1:0 takes a free port", err)
	}
	var mu sync.Mutex // several sessions write
	logf := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(out, time.Now().Format(time.TimeOnly)+"  "+format+"\n", args...)
	}
	url := fmt.Sprintf("http://%s/", listener.Addr())
	fmt.Fprintf(out, "The page is at %s - interrupt to stop.\n", url)
	if o.open {
		if err := openBrowser(url); err != nil {
			logf("no browser could be opened (%v): open the address yourself", err)
		}
	}
	return web.NewServer(web.Config{Logf: logf, Recordings: o.record}).Serve(ctx, listener)
}

// openers are the commands that show a URL in the user's browser.
var openers = map[string][]string{
	"darwin":  {"open"},
	"windows": {"rundll32", "url.dll,FileProtocolHandler"},
}

func openBrowser(url string) error {
	command, ok := openers[runtime.GOOS]
	if !ok {
		command = []string{"xdg-open"}
	}
	cmd := exec.Command(command[0], append(command[1:], url)...)
	if err := cmd.Start(); err != nil {
		return err
	}
	go cmd.Wait() // it ends when the browser has the address
	return nil
}
