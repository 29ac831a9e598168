package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/internal/leaktest"

	"github.com/parleyrtc/webrtc/examples/internal/turnserver"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// A server on this machine sees no NAT; it has one address, so that filters are not
// known.
func TestCheckOnLoopback(t *testing.T) {
	server, err := turnserver.Listen(turnserver.Config{UDP: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-timeout", "1s", server.URLs("")[0]}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"IPv4, by 1 of 1 servers\n", "There is no NAT: peers see the host's own address 127.0.0.1.\n", "Mapping:   none.\n", "Filtering: unknown"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}
}

// Each behavior has its words.
func TestWords(t *testing.T) {
	ei, ad, apd := ice.NATEndpointIndependent, ice.NATAddressDependent, ice.NATAddressPortDependent
	for _, c := range []struct {
		b    ice.NATBehavior
		want []string
	}{
		{ice.NATBehavior{Mapping: ei, Filtering: ei, Hairpins: true}, []string{"no NAT", "Mapping:   none", "whoever knows", "whatever NAT the peer has"}},
		{ice.NATBehavior{Translated: true, Mapping: ei, Filtering: ad}, []string{"There is a NAT", "all peers see the same port", "hosts get in", "no hairpins", "whatever NAT the peer has"}},
		{ice.NATBehavior{Translated: true, Mapping: ei, Filtering: apd, Hairpins: true}, []string{"only what answers", "unless the peer has a symmetric NAT: then"}},
		{ice.NATBehavior{Translated: true, Mapping: apd, Filtering: apd}, []string{"each peer sees another port", "need a TURN server, unless"}},
		{ice.NATBehavior{Translated: true, Mapping: ei}, []string{"it takes a server with two addresses", "unless the peer has a symmetric NAT."}},
		{ice.NATBehavior{Translated: true}, []string{"name another server", "cannot be told"}},
	} {
		lines := describe(c.b, nil)
		for _, want := range c.want {
			if !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, want) }) {
				t.Errorf("%+v lacks %q:\n%s", c.b, want, strings.Join(lines, "\n"))
			}
		}
		if hairpins := strings.Contains(strings.Join(lines, ""), "hairpins"); hairpins == (c.b.Hairpins || !c.b.Translated) {
			t.Errorf("%+v: hairpins are told of: %v", c.b, hairpins)
		}
	}
	for want, err := range map[string]error{
		"no server answered": ice.ErrNoSTUNAnswer, "not available": fmt.Errorf("x: %w", &net.OpError{Err: errors.New("y")}), "other": errors.New("other"),
	} {
		if lines := describe(ice.NATBehavior{}, err); len(lines) != 1 || !strings.Contains(lines[0], want) {
			t.Errorf("%v: %q", err, lines)
		}
	}
}

func TestRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		"want a stun URL": {"turn:127.0.0.1:1"},
		"-timeout":        {"-timeout", "0s"},
		"stun:, stuns:":   {"nonsense"},
		"no server":       {"-timeout", "100ms", "stun:127.0.0.1:9"},
		"no such host":    {"stun:nowhere.invalid"},
	} {
		err := run(t.Context(), args, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: the error is %v, want one with %q", args, err, want)
		}
	}
	if err := run(t.Context(), []string{"-help"}, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-help: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, []string{"stun:127.0.0.1:9"}, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
