package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc"
	"github.com/parleyrtc/webrtc/ice"
)

// A user is one who sits at a terminal with one side of the program.
type user struct {
	*testing.T
	keyboard *io.PipeWriter
	screen   *bufio.Scanner
	ended    chan error
}

func start(t *testing.T, side string) *user {
	t.Helper()
	var settings webrtc.SettingEngine
	settings.SetIPFilter(net.IP.IsLoopback) // the test stays on this machine
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	stdin, keyboard := io.Pipe()
	screen, stdout := io.Pipe()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	u := &user{T: t, keyboard: keyboard, screen: bufio.NewScanner(screen), ended: make(chan error, 1)}
	go func() {
		defer stdout.Close()
		u.ended <- run(ctx, []string{side}, stdin, stdout, settings)
	}()
	t.Cleanup(func() {
		cancel()
		keyboard.Close()
		screen.Close()
	})
	return u
}

// sees reads until a line begins as it is told, and returns that line.
func (u *user) sees(prefix string) string {
	u.Helper()
	for u.screen.Scan() {
		if strings.HasPrefix(u.screen.Text(), prefix) {
			return u.screen.Text()
		}
	}
	u.Fatalf("the screen shows no line %q: %v", prefix, <-u.ended)
	return ""
}

func (u *user) types(line string) {
	u.Helper()
	if _, err := io.WriteString(u.keyboard, line+"\n"); err != nil {
		u.Fatal(err)
	}
}

// Two users connect by copy and paste and write to each other; when one leaves
// the other's program ends, too.
func TestTalk(t *testing.T) {
	a, b := start(t, "offer"), start(t, "answer")
	b.sees("Paste the offer here")
	b.types(a.sees(`{"type":"offer"`))
	a.sees("Paste its answer here")
	a.types(b.sees(`{"type":"answer"`))
	a.sees("Connected")
	b.sees("Connected")
	a.types("Hello, B")
	b.sees("< Hello, B")
	b.types("Hello, A")
	a.sees("< Hello, A")
	a.types("one more")
	a.keyboard.Close()
	b.sees("< one more")
	b.sees("The other side has gone.")
	for _, u := range []*user{a, b} {
		if err := <-u.ended; err != nil {
			t.Error(err)
		}
	}
}

func TestMistakes(t *testing.T) {
	for name, tt := range map[string]struct {
		args        []string
		stdin, want string
	}{
		"no side":        {nil, "", "say offer"},
		"another side":   {[]string{"listen"}, "", "say offer"},
		"no description": {[]string{"answer"}, "hello\n", "that is no description"},
		"a wrong one":    {[]string{"answer"}, `{"type":"answer","sdp":"v=0"}` + "\n", "stable"},
		"no input":       {[]string{"answer"}, "", "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			err := run(t.Context(), tt.args, strings.NewReader(tt.stdin), io.Discard, webrtc.SettingEngine{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %v, want %q in it", err, tt.want)
			}
		})
	}
}
