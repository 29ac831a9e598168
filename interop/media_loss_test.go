package interop

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc"
)

// onlyIPv4 keeps a connection to what iptables drops.
func onlyIPv4(_ *webrtc.Configuration, settings *webrtc.SettingEngine) {
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
}

// startLossy connects with video both ways, over a path that can lose packets.
func startLossy(t *testing.T, p peer, clip *clip) (c *call, video *outgoing) {
	t.Helper()
	c = startCall(t, p, onlyIPv4)
	video = c.sends(clip)
	camera := smallCamera(webrtc.MimeTypeVP8)
	delete(camera, "audio")
	c.theySend(camera)
	c.answers()
	c.waitConnected()
	return c, video
}

// A drop is a rule of the namespace's kernel that loses packets.
type drop struct {
	*testing.T
	rule []string
}

// loses drops a share of the packets from us to the peer, or from the peer to
// us, until the rule is removed or the test is over.
func (c *call) loses(sender *webrtc.RTPSender, toThem bool, share float64) *drop {
	c.Helper()
	return c.drops(sender, toThem, fmt.Sprintf("--mode random --probability %.2f", share))
}

// losesEvery is loses without luck: it drops every nth packet.
func (c *call) losesEvery(n int, sender *webrtc.RTPSender, toThem bool) *drop {
	c.Helper()
	return c.drops(sender, toThem, fmt.Sprintf("--mode nth --every %d --packet 0", n))
}

// drops drops what the kernel's statistic match selects.
func (c *call) drops(sender *webrtc.RTPSender, toThem bool, statistic string) *drop {
	c.Helper()
	path, err := exec.LookPath("iptables")
	if err != nil {
		missing(c.T, "iptables", err)
	}
	pair, err := sender.Transport().ICETransport().GetSelectedCandidatePair()
	c.must(err)
	from, to := pair.Local.Port, pair.Remote.Port
	if !toThem {
		from, to = to, from
	}
	d := &drop{c.T, append([]string{path}, strings.Fields(fmt.Sprintf(
		"INPUT -p udp --sport %d --dport %d -m statistic %s -j DROP", from, to, statistic))...)}
	d.run("-A")
	c.Cleanup(d.remove)
	return d
}

func (d *drop) run(command string) {
	d.Helper()
	args := append([]string{"-w", command}, d.rule[1:]...)
	if out, err := exec.Command(d.rule[0], args...).CombinedOutput(); err != nil {
		d.Errorf("iptables %v: %v: %s", args, err, out)
	}
}

// remove ends the loss.
func (d *drop) remove() {
	if d.rule != nil {
		d.run("-D")
		d.rule = nil
	}
}

// TestBrowserLoss loses every tenth packet: what is asked for again comes
// again, in both directions.
func TestBrowserLoss(t *testing.T) {
	const share = 0.1
	forEachBrowser(t, func(t *testing.T, name string, p peer) {
		t.Run("to the browser", func(t *testing.T) {
			c, video := startLossy(t, p, loadClip(t, webrtc.MimeTypeVP8))
			c.loses(video.sender, true, share)
			video.play(0)
			c.waitDecoded(video, 4*second)
			in := c.inboundOf("video")
			if in.NACKCount == 0 || name == "chromium" && in.RetransmittedPacketsReceived == 0 {
				c.Errorf("nothing was sent again: %v", in)
			}
			c.Log(in)
		})
		t.Run("from the browser", func(t *testing.T) {
			c, video := startLossy(t, p, loadClip(t, webrtc.MimeTypeVP8))
			k := c.waitReceived("video", "a key frame", func(a arrivals) bool { return a.keyFrames > 0 })
			loss := c.loses(video.sender, false, share)
			before := k.counts()
			c.waitReceived("video", "60 frames", func(a arrivals) bool { return a.frames >= before.frames+60 })
			loss.remove()
			after := c.waitReceived("video", "all packets but one or two", func(a arrivals) bool { return a.missing <= 2 }).counts()
			for _, out := range c.outbound() {
				if out.Kind == "video" && (out.NACKCount == 0 || out.RetransmittedPacketsSent == 0) {
					c.Errorf("nothing was sent again: %v", out)
				}
			}
			c.Log(after)
		})
	})
}

// TestBrowserBlackout loses everything for a while in which no key frame would
// come by itself: the browser asks for one, and goes on.
func TestBrowserBlackout(t *testing.T) {
	forEachBrowser(t, func(t *testing.T, _ string, p peer) {
		clip := loadClip(t, webrtc.MimeTypeVP8)
		clip.endless = true
		c, video := startLossy(t, p, clip)
		video.play(0)
		c.waitFor("the browser decodes", func() bool { return c.inboundOf("video").FramesDecoded >= 15 })
		before := c.inboundOf("video")
		restarts := video.restarts.Load()
		loss := c.loses(video.sender, true, 1)
		// Browsers wait for three seconds before they ask.
		c.waitFor("the browser asks for a key frame", func() bool { return video.restarts.Load() > restarts })
		time.Sleep(200 * time.Millisecond) // the key frame is lost
		loss.remove()
		c.waitFor("the browser decodes again", func() bool {
			in := c.inboundOf("video")
			return in.KeyFramesDecoded > before.KeyFramesDecoded && in.FramesDecoded >= before.FramesDecoded+30
		})
	})
}
