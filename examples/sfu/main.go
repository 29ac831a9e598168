// Sfu is a selective forwarding unit: everybody in its room publishes to it, and
// it forwards to each viewer the packets of everybody else, without decoding
// anything. Publishers send their picture in up to three sizes (simulcast); a
// viewer is sent one of them and may change at any time.
//
//	go run ./sfu                                                open the page that it names in two browsers
//	go run ./sfu -publish '../testdata/media/simulcast-*.ivf'   with a picture of its own
//
// The core is small. A source has layers and subscriptions (source.go); a
// subscription forwards one layer and goes over to another with a key frame
// (subscription.go); a rewriter makes one continuous stream of that (rewrite.go),
// for which it reads and writes the VP8 payload descriptor (vp8.go). Around it, a
// participant is a connection (participant.go), and a room ties them together
// (room.go).
//
// Each participant has a goroutine that reads its signal channel and one that
// makes and ends what it views; both end with its WebSocket. Packets are
// forwarded on the goroutines of the library that read them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/parleyrtc/webrtc/examples/internal/localhttp"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "sfu:", err)
		os.Exit(1)
	}
}

// run serves the room until the context ends.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("sfu", flag.ContinueOnError)
	flags.SetOutput(stdout)
	listen := flags.String("listen", "127.0.0.1:8081", "`address` of the page; port 0 takes a free one")
	var files patterns
	flags.Var(&files, "publish", "publish a clip as a client would: up to three `files` of IVF with VP8, as name-RID.ivf, and one of Ogg with Opus; may be repeated, and name several by a pattern")
	if err := flags.Parse(args); err != nil {
		return err
	}
	// A shell may have expanded a pattern after -publish.
	if files = append(files, flags.Args()...); flags.NArg() > 0 && len(files) == flags.NArg() {
		return fmt.Errorf("unexpected argument %q; -help lists what there is", flags.Arg(0))
	}
	clip, err := loadClip(files)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return fmt.Errorf("%w; -listen 127.0.0.1:0 takes a free port", err)
	}
	var mu sync.Mutex // many write
	r := newRoom(func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(stdout, time.Now().Format(time.TimeOnly)+"  "+format+"\n", args...)
	})
	fmt.Fprintf(stdout, "The page is at http://%s/ - interrupt to stop.\n", listener.Addr())

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var running sync.WaitGroup
	defer running.Wait()
	if clip != nil {
		running.Go(func() { cancel(clip.publish(ctx, r)) })
	}
	if err := localhttp.Serve(ctx, listener, handler(r)); err != nil {
		return err
	}
	running.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
