package main

import (
	"fmt"
	"testing"

	"github.com/parleyrtc/webrtc/examples/internal/chromium"
)

// tile is an expression for a publisher's tile, and layer for one of its buttons.
func tile(publisher string) string {
	return fmt.Sprintf(`document.querySelector('[data-publisher=%q]')`, publisher)
}

func layerButton(publisher, rid string) string {
	return fmt.Sprintf(`[data-publisher=%q] button[data-rid=%q]`, publisher, rid)
}

// A browser plays the clip, in the layers that it chooses; another one
// publishes its camera, and each sees the other.
func TestBrowsers(t *testing.T) {
	address := start(t, simulcast...)
	ann := chromium.Open(t, address+"?name=ann", "1400,900")
	wide := func(p *chromium.Page, publisher string, width int) {
		t.Helper()
		p.WaitFor(fmt.Sprintf("a picture %d wide", width), fmt.Sprintf(`%s.querySelector("video").videoWidth === %d`, tile(publisher), width))
	}
	wide(ann, "clip", 1280)
	for _, layer := range []struct {
		rid   string
		width int
	}{{"q", 320}, {"h", 640}, {"f", 1280}} {
		ann.WaitFor("the layer", fmt.Sprintf(`!document.querySelector(%q).disabled`, layerButton("clip", layer.rid)))
		ann.Click(layerButton("clip", layer.rid))
		wide(ann, "clip", layer.width)
	}
	ann.WaitFor("pictures that move", `(async () => {
		const video = document.querySelector('[data-publisher="clip"] video');
		const before = video.getVideoPlaybackQuality().totalVideoFrames;
		await new Promise((done) => setTimeout(done, 500));
		return video.getVideoPlaybackQuality().totalVideoFrames > before + 5 && !video.paused;
	})()`)
	bob := chromium.Open(t, address+"?name=bob&publish", "1400,900")
	ann.WaitFor("bob's camera", fmt.Sprintf(`%s.querySelector("video").videoWidth > 0`, tile("bob")))
	ann.WaitFor("bob's layers", fmt.Sprintf(`%s.querySelectorAll("[data-rid]").length === 4`, tile("bob")))
	wide(bob, "clip", 1280)
	ann.Click(layerButton("bob", "q"))
	ann.WaitFor("the layer", fmt.Sprintf(`document.querySelector(%q).matches(".current[aria-pressed=true]")`, layerButton("bob", "q")))
	wide(ann, "bob", 320)
	ann.Picture("sfu-ann")
	bob.Picture("sfu-bob")
	bob.Click("#publish") // stops
	ann.WaitFor("bob's tile to go", `!`+tile("bob"))
	bob.Click("#publish")
	ann.WaitFor("bob's camera again", fmt.Sprintf(`%s.querySelector("video").videoWidth > 0`, tile("bob")))
	for _, p := range []*chromium.Page{ann, bob} {
		if said := p.Said(); len(said) > 0 {
			t.Errorf("the console says %q", said)
		}
	}
}
