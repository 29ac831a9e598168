package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/examples/internal/chromium"
	"github.com/parleyrtc/webrtc/examples/internal/transfer"
)

// patience bounds each step of a test.
const patience = chromium.Patience

// A browser shows the page.
type browser struct{ *chromium.Page }

// startServer serves the page until the test ends and returns its address.
func startServer(t *testing.T) string {
	t.Helper()
	return startServerWith(t, Config{Logf: t.Logf})
}

func startServerWith(t *testing.T, config Config) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	server := NewServer(config)
	go func() { served <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return "http://" + listener.Addr().String() + "/"
}

// A real browser connects, chats, takes and sends files, and negotiates again,
// and the page shows it all.
func TestBrowser(t *testing.T) {
	b := browser{chromium.Open(t, startServer(t), "1400,1700")}
	b.WaitFor("the connection", `document.querySelector("#connection-state").textContent === "connected"`)
	b.WaitFor("the greeting", `document.querySelector("#messages").innerText.includes("Hello from Go")`)
	b.Picture("connected")
	b.exchange()
	b.chat()
	b.takesFile()
	b.sendsFile()
	b.renegotiates()
	b.restarts()
	b.Picture("end")
	if said := b.Said(); len(said) > 0 {
		t.Errorf("the console says %q", said)
	}
}

// exchange looks for the milestones in the diagram, whose rows are in the order
// of their times.
func (b browser) exchange() {
	b.Helper()
	text := b.Eval(`[...document.querySelectorAll("#events li")].map((li) => li.textContent).join("\n")`)
	at := 0
	for _, want := range []string{
		"Peer A to Signal channel: offer",
		"Signal channel to Peer B: offer",
		"Peer B to Signal channel: answer",
		"Signal channel to Peer A: answer",
		"check answered",
		"ClientHello",
		"Finished",
		"DTLS: connected",
	} {
		i := strings.Index(text[at:], want)
		if i < 0 {
			b.Errorf("the diagram lacks %q after what came before it:\n%s", want, text)
			return
		}
		at += i
	}
	if strings.Contains(text, "STUN to Peer A: check") || strings.Count(text, "check answered") > strings.Count(text, "check\n")+strings.Count(text, "use this pair") {
		b.Errorf("there are more answers than checks:\n%s", text)
	}
	for _, want := range []string{"Peer A to STUN: who am I?", "STUN to Peer A: you are", "Peer B to STUN: who am I?"} {
		if !strings.Contains(text, want) {
			b.Errorf("the diagram lacks %q:\n%s", want, text)
		}
	}
}

func (b browser) chat() {
	b.Helper()
	b.Eval(`document.querySelector("#chat-text").value = "Grüße <b>"`)
	b.Click("#chat-form button")
	b.WaitFor("the answer", `document.querySelector("#messages").innerText.includes("“Grüße <b>”: 9 characters in 11 bytes")`)
}

func (b browser) takesFile() {
	b.Helper()
	b.Eval(`document.querySelector("#test-size").value = "1"`)
	b.Click("#fetch-test")
	sum := sha256.New()
	if _, err := io.CopyN(sum, transfer.Pattern(1<<20), 1<<20); err != nil {
		b.Fatal(err)
	}
	want := hex.EncodeToString(sum.Sum(nil))
	b.WaitFor("the test file", `document.querySelector("#files").innerText.includes("same SHA-256")`)
	if got := b.Eval(`document.querySelector("#files .hash").textContent`); got != want {
		b.Errorf("the test file's SHA-256 is %s, want %s", got, want)
	}
}

// sendsFile sends a file to Go and asks for it back.
func (b browser) sendsFile() {
	b.Helper()
	content := make([]byte, 3<<20+17)
	if _, err := io.ReadFull(transfer.Pattern(7), content); err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "holiday.bin")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		b.Fatal(err)
	}
	b.Choose("#file-input", path)
	b.WaitFor("the offer to send it back", `document.querySelector("#files button")`)
	b.Picture("files")
	b.Click("#files button")
	sum := sha256.Sum256(content)
	want := hex.EncodeToString(sum[:])
	b.WaitFor("the file to come back", `document.querySelectorAll("#files .good").length === 3`)
	if got := b.Eval(`document.querySelector("#files .hash").textContent`); got != want {
		b.Errorf("the SHA-256 of what came back is %s, want %s", got, want)
	}
}

// renegotiates makes each side offer in turn: its offer is seen pending, then
// current.
func (b browser) renegotiates() {
	b.Helper()
	b.Click("#renegotiate")
	b.WaitFor("the browser's pending offer", `document.querySelector("#browser-descriptions .pending:not(.empty)")`)
	b.WaitFor("Go's pending offer of the browser's, or its end", `document.querySelector("#signaling-state").textContent === "have-local-offer"`)
	b.Picture("pending")
	b.waitStable()
	b.Click("#restart-go")
	b.WaitFor("Go's pending offer", `document.querySelector("#go-descriptions .pending:not(.empty)")`)
	b.waitStable()
}

func (b browser) waitStable() {
	b.Helper()
	b.WaitFor("both sides to be stable", `!document.querySelector(".pending:not(.empty)") &&
		document.querySelector("#signaling-state").textContent === "stable"`)
}

// restarts restarts ICE: the descriptions have other credentials afterwards and
// the connection goes on.
func (b browser) restarts() {
	b.Helper()
	const ufrag = `document.querySelector("#go-descriptions .cell .facts").textContent`
	before := b.Eval(ufrag)
	b.Click("#restart")
	b.WaitFor("new credentials", ufrag+` !== "`+before+`"`)
	b.waitStable()
	b.WaitFor("the connection", `document.querySelector("#connection-state").textContent === "connected"`)
	b.Eval(`document.querySelector("#chat-text").value = "/state"`)
	b.Click("#chat-form button")
	b.WaitFor("the chat to go on", `document.querySelector("#messages").innerText.includes("connection connected")`)
}
