// Quickstart connects two peers and shows how: every message that they exchange
// with a STUN server, over the signal channel and with each other is drawn as an
// arrow of a sequence diagram while it happens. One sends the other a video and a
// sound at their pace, and then a file over a data channel.
//
//	go run ./quickstart         two peers in this process
//	go run ./quickstart -relay  the same by way of a TURN server
//	go run ./quickstart -web    a browser and this process, on a page
//
// Nothing else is needed, and no packet leaves the machine.
//
// Goroutines signal for each peer, play the clips and read the reports on them,
// and carry the echo and the file; they end with the connection at the latest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "quickstart: interrupted")
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}
