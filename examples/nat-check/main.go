// Nat-check tells what a network allows: it asks STUN servers, and says in words how
// the NATs on the way map and filter, and with whom calls need no relay.
//
//	go run ./nat-check                                  servers on the Internet
//	go run ./nat-check stun:stun.example.org stun:192.0.2.1:3478
//
// The servers learn this network's public address; nothing else is sent anywhere. With
// a server that has two addresses (RFC 5780) everything can be told, with two others
// how addresses are mapped.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"time"

	"github.com/parleyrtc/webrtc/ice"
)

// defaultServers are public ones of two operators. They have one address each, so that
// they tell mappings and no filters.
var defaultServers = []string{"stun:stun.l.google.com:19302", "stun:stun.cloudflare.com:3478"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "nat-check:", err)
		os.Exit(1)
	}
}

// run asks over IPv4 and IPv6 and prints what was found. The error says that nothing
// could be.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("nat-check", flag.ContinueOnError)
	flags.SetOutput(out)
	timeout := flags.Duration("timeout", 3*time.Second, "how `long` an answer is waited for")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *timeout <= 0 {
		return fmt.Errorf("-timeout %v; a time above 0 is needed", *timeout)
	}
	urls := flags.Args()
	if len(urls) == 0 {
		urls = defaultServers
	}
	v4, v6, err := resolve(ctx, urls)
	if err != nil {
		return err
	}
	found := false
	for _, family := range []struct {
		name    string
		servers []netip.AddrPort
	}{{"IPv4", v4}, {"IPv6", v6}} {
		if len(family.servers) == 0 {
			continue
		}
		behavior, err := ice.NATDiscovery{Servers: family.servers, Timeout: *timeout}.Discover(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		found = found || err == nil
		fmt.Fprintf(out, "%s, by %d of %d servers\n", family.name, behavior.Servers, len(family.servers))
		for _, line := range describe(behavior, err) {
			fmt.Fprintln(out, " ", line)
		}
	}
	if !found {
		return errors.New("no server answered: UDP is blocked here, or the servers are not there; calls need a TURN server over TCP or TLS")
	}
	return nil
}

// resolve looks up the servers' addresses. The error is that of the last one if none
// can be found.
func resolve(ctx context.Context, urls []string) (v4, v6 []netip.AddrPort, err error) {
	var last error
	for _, url := range urls {
		server, err := ice.ParseServerURL(url)
		if err != nil {
			return nil, nil, err
		}
		if server.Scheme != ice.SchemeSTUN {
			return nil, nil, fmt.Errorf("%s: want a stun URL", url)
		}
		addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", server.Host)
		if err != nil {
			last = err
			continue
		}
		var has4, has6 bool // one of each family will do
		for _, a := range addresses {
			at := netip.AddrPortFrom(a.Unmap(), server.Port)
			switch {
			case a.Unmap().Is4() && !has4:
				has4, v4 = true, append(v4, at)
			case !a.Unmap().Is4() && !has6:
				has6, v6 = true, append(v6, at)
			}
		}
	}
	if len(v4)+len(v6) == 0 {
		return nil, nil, last
	}
	return v4, v6, nil
}
