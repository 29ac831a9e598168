package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc"
	"github.com/parleyrtc/webrtc/internal/leaktest"

	"github.com/parleyrtc/webrtc/examples/internal/exampletest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// The program relays and serves its figures until it is interrupted.
func TestServes(t *testing.T) {
	page := exampletest.Start(t, func(ctx context.Context, out io.Writer) error {
		return run(ctx, []string{"-user", "ann:secret", "-udp", "127.0.0.1:0", "-tcp", "127.0.0.1:0", "-metrics", "127.0.0.1:0"}, out)
	})
	response, err := http.Get(page)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(body), "\nturn_relays 0\n") {
		t.Errorf("%s: %d, %v\n%s", page, response.StatusCode, err, body)
	}
}

// What is printed at the start can be copied into a configuration.
func TestPrintsURLs(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	args := []string{"-secret", "s", "-udp", ":0", "-tcp", "", "-host", "turn.example"}
	if err := run(ctx, args, &out); err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(out.String(), "\n")
	url := strings.TrimPrefix(line, "relaying at ")
	if !strings.HasPrefix(url, "turn:turn.example:") || !strings.HasSuffix(url, "?transport=udp") {
		t.Errorf("the URL is %q", url)
	}
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{ICEServers: []webrtc.ICEServer{{URLs: []string{url}, Username: "u", Credential: "p"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := pc.Close(); err != nil {
		t.Error(err)
	}
}

// -credential prints what a client needs.
func TestPrintsCredential(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-secret", "s", "-credential", "ann", "-for", "1h"}, &out); err != nil {
		t.Fatal(err)
	}
	var c struct{ Username, Credential string }
	if err := json.Unmarshal(out.Bytes(), &c); err != nil || !strings.HasSuffix(c.Username, ":ann") || c.Credential == "" {
		t.Errorf("printed %s: %v", out.String(), err)
	}
}

// What the command line cannot mean is an error.
func TestRefusesArguments(t *testing.T) {
	for arguments, want := range map[string]string{
		"":                       "for nobody",
		"-user ann":              "want name:password",
		"-user a:b extra":        "unexpected argument",
		"-user a:b -public here": "-public",
		"-user a:b -bind here":   "-bind",
		"-user a:b -ports many":  "-ports",
		"-user a:b -peers some":  "-peers",
		"-user a:b -tls :0":      "-tls",
		"-credential ann":        "needs -secret",
		"-user a:b -metrics 192.0.2.1:1 -udp :0 -tcp :0": "-metrics",
	} {
		err := run(t.Context(), strings.Fields(arguments), io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: the error is %v, want one with %q", arguments, err, want)
		}
	}
	if err := run(t.Context(), []string{"-help"}, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-help: %v", err)
	}
}
