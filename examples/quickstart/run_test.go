package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/examples/internal/transfer"
)

// inOrder fails unless every text is there after the one before it.
func inOrder(t *testing.T, output string, want ...string) {
	t.Helper()
	rest := output
	for _, text := range want {
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Fatalf("the output lacks %q after what came before it:\n%s", text, output)
		}
		rest = after
	}
}

// The whole exchange, a clip, then a file whose hash is what it must be.
func TestQuickstart(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-plain", "-size", "3", "-clip", "2s"}, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	text := out.String()
	sum := sha256.New()
	if _, err := io.CopyN(sum, transfer.Pattern(seed), 3<<20); err != nil {
		t.Fatal(err)
	}
	// What the peers do at the same time may come in any order; each of these
	// chains of cause and effect has only one.
	inOrder(t, text,
		"Peer A -> Signal channel    offer",
		"Signal channel -> Peer B    offer",
		"Peer B                      signaling: have-remote-offer",
		"Peer B -> Signal channel    answer",
		"Signal channel -> Peer A    answer",
		"Peer A                      signaling: stable",
	)
	inOrder(t, text, "check\n", "check answered\n", "selected pair: 127.0.0.1:", "ICE: connected", "DTLS: connecting", "DTLS: connected", "SCTP: connected")
	inOrder(t, text, "check answered\n", "Peer A -> Peer B            check, use this pair", "Peer A                      ICE: completed")
	inOrder(t, text,
		"check answered",
		"Peer B -> Peer A            ClientHello",
		"Peer A -> Peer B            ServerHello, Certificate, ServerKeyExchange, CertificateRequest, ServerHelloDone",
		"Peer B -> Peer A            Certificate, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, Finished",
		"Peer A -> Peer B            ChangeCipherSpec, Finished",
		`Peer A                      channel "ping" open`,
		"Peer A                      plays a clip of 2s",
		"Peer A                      the clip is over",
		"TURN                        not needed: there is a direct path",
		`Peer A sends "quickstart.bin", 3.0 MiB`,
		"100%",
		"SHA-256        "+hex.EncodeToString(sum.Sum(nil))+" (both peers)",
		"Selected pair  127.0.0.1:",
		"Throughput     ",
		"Round trip     ",
		"Video          60 frames of video/VP8 from A; B counted ", " packets, 0 lost, jitter ", "and reported to A: 0 lost, jitter ",
		"Sound          100 frames of audio/opus from A; B counted 100 packets, 0 lost, jitter ", "and reported to A: 0 lost, jitter ",
	)
	for _, want := range []string{
		"Peer A -> Signal channel    offer: video, audio, data\n",
		"Peer B -> Signal channel    answer: video, audio, data\n",
		"Peer A -> Peer B            SRTP: VP8, SSRC ",
		"Peer A -> Peer B            SRTP: opus, SSRC ",
		"Peer B                      track of video/VP8\n",
		"Peer B                      track of audio/opus\n",
		"Peer A -> Peer B            SRTCP: sender report\n",
		"Peer B -> Peer A            SRTCP: receiver report\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the output lacks %q:\n%s", want, text)
		}
	}
	for _, peer := range []string{"Peer A", "Peer B"} {
		inOrder(t, text, peer+" -> STUN              who am I?", "STUN -> "+peer+"              you are 127.0.0.1:")
		inOrder(t, text, peer+" -> Signal channel    candidate 127.0.0.1:", peer+" -> Signal channel    end of candidates")
	}
	inOrder(t, text, "Signal channel -> Peer A    answer", "Peer A                      signaling: stable")
}

// With -relay everything goes by way of the TURN server, which is seen at work.
func TestQuickstartOverRelay(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-plain", "-relay", "-size", "1", "-clip", "500ms"}, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	text := out.String()
	for _, peer := range []string{"Peer A", "Peer B"} {
		inOrder(t, text,
			peer+" -> TURN              Allocate",
			"TURN -> "+peer+"              Allocate refused: 401",
			"TURN -> "+peer+"              you relay at 127.0.0.1:",
			peer+" -> Signal channel    relay candidate 127.0.0.1:",
			"TURN -> "+peer+"              check",
			peer+" -> TURN              check answered",
			"ChannelBind",
		)
		inOrder(t, text, peer+" -> TURN              CreatePermission 127.0.0.1\n", "TURN -> "+peer+"              CreatePermission done")
	}
	inOrder(t, text, "Peer B -> TURN              ClientHello", "TURN -> Peer A              ClientHello")
	inOrder(t, text, "Peer A -> TURN              media, SSRC ", "TURN -> Peer B              media, SSRC ", "everything between the peers went through here",
		"(both peers)", "(relay, udp)")
	if strings.Contains(text, "Peer A -> Peer B ") || strings.Contains(text, "STUN -> ") {
		t.Errorf("something went another way:\n%s", text)
	}
}

// Drawn, the diagram has its headings, and no line is too wide.
func TestDrawing(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-size", "1", "-clip", "100ms"}, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	inOrder(t, out.String(), "Peer A", "STUN", "TURN", "Signal channel", "Peer B", "offer", "answer", "100%")
	for line := range strings.Lines(out.String()) {
		if n := len(strings.TrimRight(line, "\n")); n > 100 {
			t.Errorf("a line has %d characters: %q", n, line)
		}
	}
}

func TestBadArguments(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"an argument":            {[]string{"fast"}, `unexpected argument "fast"`},
		"no size":                {[]string{"-size", "0"}, "-size 0"},
		"no time":                {[]string{"-timeout", "0s"}, "-timeout 0s"},
		"no clip":                {[]string{"-clip", "-1s"}, "-clip -1s"},
		"a page over a relay":    {[]string{"-web", "-relay"}, "-relay"},
		"no such flag":           {[]string{"-turn"}, "-turn"},
		"a page at no address":   {[]string{"-web", "-open=false", "-addr", "nowhere"}, "nowhere"},
		"a page at a taken port": {[]string{"-web", "-open=false", "-addr", "192.0.2.77:1"}, "-addr 127.0.0.1:0"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := run(t.Context(), tt.args, io.Discard)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %v, want %q in it", err, tt.want)
			}
		})
	}
	if err := run(t.Context(), []string{"-help"}, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-help: %v", err)
	}
}

// A run that takes too long says so, and nothing of it is left.
func TestTimeout(t *testing.T) {
	err := run(t.Context(), []string{"-timeout", "1ns"}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "not done within 1ns (-timeout)") {
		t.Errorf("the error is %v", err)
	}
}

// An interrupt in the middle of the clip ends the run at once.
func TestInterruptClip(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &trigger{when: "SRTP: VP8", do: cancel}
	if err := run(ctx, []string{"-plain", "-clip", "1h"}, out); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

// An interrupt in the middle of the file ends the run at once.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &trigger{when: "Peer A sends", do: cancel}
	start := time.Now()
	err := run(ctx, []string{"-plain", "-size", "2048", "-clip", "0"}, out)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

// A trigger is a writer that does something when it is told a certain text.
type trigger struct {
	when string
	do   func()
}

func (w *trigger) Write(b []byte) (int, error) {
	if strings.Contains(string(b), w.when) {
		w.do()
	}
	return len(b), nil
}

// An output that cannot be written to, such as a closed pipe, is an error.
func TestBrokenOutput(t *testing.T) {
	if err := run(t.Context(), []string{"-size", "1", "-clip", "0"}, broken{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the error is %v", err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// With -web the page is served until the interrupt.
func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &trigger{when: "The page is at http://127.0.0.1:", do: cancel}
	if err := run(ctx, []string{"-web", "-open=false", "-addr", "127.0.0.1:0"}, out); err != nil {
		t.Error(err)
	}
}
