package web

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/pkg/media/ivfreader"
	"github.com/parleyrtc/webrtc/pkg/media/oggreader"

	"github.com/parleyrtc/webrtc/examples/internal/chromium"
)

// A browser calls: its camera comes back, is recorded, and is plotted. It hangs
// up and calls again.
func TestCall(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "calls")
	b := browser{chromium.Open(t, startServerWith(t, Config{Logf: t.Logf, Recordings: dir}), "1400,2100")}
	b.WaitFor("the connection", `!document.querySelector("#call").disabled`)
	b.Eval(`document.querySelector("#slow").checked = false`)
	b.calls()
	b.Click("#record")
	b.WaitFor("a recording of some seconds", `/Recording ([3-9]|\d\d)\./.test(document.querySelector("#recording").textContent)`)
	b.Click("#record")
	b.WaitFor("the end of the recording", `document.querySelector("#recording").textContent.startsWith("Recorded")`)
	b.plots()
	b.Picture("call")
	b.hangsUp()
	b.Picture("hung-up")
	b.calls()
	b.hangsUp()
	recorded(t, dir)
	if said := b.Said(); len(said) > 0 {
		t.Errorf("the console says %q", said)
	}
}

// calls starts a call and waits for a picture and a sound that come back.
func (b browser) calls() {
	b.Helper()
	b.Click("#call")
	b.WaitFor("the call", `document.querySelector("#call").textContent === "Hang up"`)
	b.WaitFor("moving pictures and sound from Go", `(async () => {
		const measure = async () => {
			const sums = { frames: 0, sound: 0 };
			for (const s of (await connection.pc.getStats()).values()) {
				if (s.type !== "inbound-rtp") continue;
				if (s.kind === "video") sums.frames += s.framesDecoded;
				else sums.sound += s.jitterBufferEmittedCount - s.concealedSamples;
			}
			return sums;
		};
		const before = await measure();
		await new Promise((done) => setTimeout(done, 500));
		const after = await measure();
		return after.frames > before.frames + 3 && after.sound > before.sound + 4800 && document.querySelector("#echo").videoWidth > 0;
	})()`)
}

func (b browser) hangsUp() {
	b.Helper()
	b.Click("#call")
	b.WaitFor("the end of the call", `document.querySelector("#call").textContent === "Call"`)
	b.waitStable()
	b.WaitFor("the transceivers to be inactive", `connection.pc.getTransceivers().every((t) => t.currentDirection === "inactive")`)
}

// plots looks into the drawings: each has curves both ways.
func (b browser) plots() {
	b.Helper()
	for plot, curves := range map[string][]string{
		"bitrate":    {"video, browser to Go", "video, Go to browser", "audio, browser to Go", "audio, Go to browser"},
		"loss":       {"video, browser to Go", "video, Go to browser", "audio, browser to Go", "audio, Go to browser"},
		"round-trip": {"ICE checks", "RTCP of video", "RTCP of audio"},
	} {
		img := `document.querySelector('[data-plot="` + plot + `"]')`
		b.WaitFor("a plot of "+plot, img+`.naturalWidth > 0`)
		for _, curve := range curves {
			b.WaitFor(plot+" of "+curve, `(async () => (await (await fetch(`+img+`.src)).text()).includes("`+curve+`"))()`)
		}
	}
}

// recorded looks into the recording: seconds of picture and sound.
func recorded(t *testing.T, dir string) {
	t.Helper()
	video, sound := one(t, dir, "*.ivf"), one(t, dir, "*.ogg")
	pictures, header, err := ivfreader.NewWith(video)
	if err != nil {
		t.Fatal(err)
	}
	if header.FourCC != "VP80" || header.NumFrames < 20 {
		t.Errorf("the header is %+v", header)
	}
	var length time.Duration
	for sample, err := range pictures.Samples() {
		if err != nil {
			t.Fatal(err)
		}
		if length == 0 && sample.Data[0]&1 != 0 {
			t.Error("the recording does not begin with a key frame")
		}
		length += sample.Duration
	}
	if length < 2*time.Second || length > 20*time.Second {
		t.Errorf("the picture is %v long", length)
	}
	reader, _, err := oggreader.NewWith(sound)
	if err != nil {
		t.Fatal(err)
	}
	length = 0
	for sample, err := range reader.Samples() {
		if err != nil {
			t.Fatal(err)
		}
		length += sample.Duration
	}
	if length < 2*time.Second || length > 20*time.Second {
		t.Errorf("the sound is %v long", length)
	}
}

// one opens the only file of a pattern.
func one(t *testing.T, dir, pattern string) *os.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(paths) != 1 {
		t.Fatalf("%s: %q, %v", pattern, paths, err)
	}
	f, err := os.Open(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
