package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/parleyrtc/webrtc/examples/internal/diagram"
	"github.com/parleyrtc/webrtc/examples/internal/terminal"
)

// options are what the command line says.
type options struct {
	plain   bool
	timeout time.Duration
	size    int64         // bytes
	clip    time.Duration // how much of a video and a sound
	relay   bool          // by way of TURN
	style   diagram.Style
	live    bool

	web    bool
	addr   string
	open   bool
	record string // the folder
}

func parse(args []string, stdout io.Writer) (options, error) {
	var o options
	var mib int64
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(stdout)
	flags.BoolVar(&o.plain, "plain", false, "write a line of words for each event instead of drawing")
	flags.DurationVar(&o.timeout, "timeout", time.Minute, "give up after this `time`")
	flags.Int64Var(&mib, "size", 64, "size of the file in `MiB`")
	flags.DurationVar(&o.clip, "clip", 4*time.Second, "how `long` a video and a sound are sent; 0 sends none")
	flags.BoolVar(&o.relay, "relay", false, "send everything by way of a TURN server, in this process too")
	flags.BoolVar(&o.web, "web", false, "serve a page on which a browser is the other peer")
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` of the page")
	flags.StringVar(&o.record, "record", "", "`folder` for the calls that the page records; a temporary one unless said otherwise")
	flags.BoolVar(&o.open, "open", true, "open the page in your browser")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q; -help lists what there is", flags.Arg(0))
	case mib < 1 || mib > 1<<20:
		return o, fmt.Errorf("-size %d; from 1 to %d MiB are possible", mib, 1<<20)
	case o.clip < 0:
		return o, fmt.Errorf("-clip %v; a time of 0 or more is needed", o.clip)
	case o.relay && o.web:
		return o, errors.New("-relay is for the two peers in this process, not for the page of -web")
	case o.timeout <= 0:
		return o, fmt.Errorf("-timeout %v; a time above 0 is needed", o.timeout)
	}
	o.size = mib << 20
	o.style = terminal.Style(stdout, os.Getenv)
	o.style.Plain = o.plain
	o.live = !o.plain && terminal.IsLive(stdout)
	return o, nil
}

// run does what main is for. It returns nil if all went well.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	o, err := parse(args, stdout)
	if err != nil {
		return err
	}
	if o.web {
		return serve(ctx, o, stdout)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("not done within %v (-timeout)", o.timeout))
	defer cancel()
	err = connectAndSend(ctx, o, stdout)
	if err != nil && context.Cause(ctx) != nil {
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return err
}
