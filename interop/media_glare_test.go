package interop

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc"
)

// A negotiator is our side of perfect negotiation (webrtc-pc §10.7). One
// goroutine makes all calls, so that an offer of the browser's meets one of ours
// only if ours is pending.
type negotiator struct {
	call    *call
	polite  bool
	needed  chan struct{}
	theirs  chan webrtc.SessionDescription
	ours    chan webrtc.SessionDescription
	stop    chan struct{}
	ignored int
	yielded int
	said    []string // all descriptions
}

// negotiates turns perfect negotiation on, on both sides.
func (c *call) negotiates(polite bool) *negotiator {
	c.Helper()
	n := &negotiator{
		call: c, polite: polite, needed: make(chan struct{}, 1), stop: make(chan struct{}),
		theirs: make(chan webrtc.SessionDescription, 1000), ours: make(chan webrtc.SessionDescription, 1000),
	}
	c.hear("description", func(detail string) {
		var d webrtc.SessionDescription
		if err := json.Unmarshal([]byte(detail), &d); err != nil {
			c.complain(err)
			return
		}
		n.theirs <- d
	})
	c.hear("failure", func(detail string) { c.Error(detail) })
	c.pc.OnNegotiationNeeded(func() {
		select {
		case n.needed <- struct{}{}:
		default: // it is known
		}
	})
	ended := make(chan struct{}, 2)
	go func() {
		n.run()
		ended <- struct{}{}
	}()
	go func() {
		n.tell()
		ended <- struct{}{}
	}()
	c.Cleanup(func() {
		close(n.stop)
		<-ended
		<-ended
		if c.Failed() {
			c.Log(strings.Join(n.said[max(0, len(n.said)-100):], "\n"))
			var theirs any
			c.eval(&theirs, `return pc.getTransceivers().map((t) => [t.mid, t.direction, t.currentDirection, t.sender.track && t.sender.track.id])`)
			c.Log("the browser's transceivers: ", theirs)
		}
	})
	c.must(c.peer.call(nil, "negotiates", !polite))
	return n
}

func (n *negotiator) run() {
	for {
		var err error
		select {
		case <-n.stop:
			return
		case <-n.needed:
			// Whoever is not stable hears of it again.
			if n.call.pc.SignalingState() == webrtc.SignalingStateStable {
				err = n.describe()
			}
		case d := <-n.theirs:
			err = n.take(d)
		}
		if err != nil {
			n.call.complain(err)
			return
		}
	}
}

// describe sets our description and sends it.
func (n *negotiator) describe() error {
	if err := n.call.pc.SetLocalDescription(webrtc.SessionDescription{}); err != nil {
		return err
	}
	n.note("ours", *n.call.pc.LocalDescription())
	n.ours <- *n.call.pc.LocalDescription()
	return nil
}

func (n *negotiator) take(d webrtc.SessionDescription) error {
	if d.Type == webrtc.SDPTypeOffer && n.call.pc.SignalingState() != webrtc.SignalingStateStable {
		if !n.polite {
			n.ignored++
			n.note("ignored", d)
			return nil
		}
		n.yielded++
	}
	n.note("theirs", d)
	if err := n.call.pc.SetRemoteDescription(d); err != nil {
		return err
	}
	if d.Type == webrtc.SDPTypeOffer {
		return n.describe()
	}
	return nil
}

// note keeps what a description says of its sections for a test that fails.
func (n *negotiator) note(whose string, d webrtc.SessionDescription) {
	var sections []string
	for _, section := range strings.Split(d.SDP, "\r\nm=")[1:] {
		lines := strings.Split(section, "\r\n")
		text := strings.Join(strings.Fields(lines[0])[:2], " ")
		for _, line := range lines[1:] {
			switch line {
			case "a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive", "a=bundle-only":
				text += " " + line[2:]
			}
			if mid, ok := strings.CutPrefix(line, "a=mid:"); ok {
				text += " mid " + mid
			}
		}
		sections = append(sections, text)
	}
	n.said = append(n.said, fmt.Sprintf("%s %s: %s", whose, d.Type, strings.Join(sections, " | ")))
}

// tell sends our descriptions, in order.
func (n *negotiator) tell() {
	for {
		select {
		case <-n.stop:
			return
		case d := <-n.ours:
			if err := n.call.peer.call(nil, "takeDescription", d); err != nil {
				n.call.complain(err)
			}
		}
	}
}

// waitSettled waits until both sides are stable and stay so.
func (n *negotiator) waitSettled() {
	n.call.Helper()
	since := time.Now()
	n.call.waitFor("both sides have settled", func() bool {
		var theirs string
		n.call.eval(&theirs, "return pc.signalingState")
		if theirs != "stable" || n.call.pc.SignalingState() != webrtc.SignalingStateStable || len(n.needed)+len(n.theirs)+len(n.ours) > 0 {
			since = time.Now()
		}
		return time.Since(since) > 300*time.Millisecond
	})
}

// changes is how often each side changes what it sends in TestBrowserTracks.
const changes = 50

// TestBrowserTracks has both sides add and remove video at once, so that their
// offers collide, while audio flows.
func TestBrowserTracks(t *testing.T) {
	forEachBrowser(t, func(t *testing.T, _ string, p peer) {
		for name, polite := range map[string]bool{"we are polite": true, "they are polite": false} {
			t.Run(name, func(t *testing.T) {
				c := startCall(t, p, nil)
				n := c.negotiates(polite)
				audio := c.sends(loadClip(t, webrtc.MimeTypeOpus))
				c.waitConnected()
				audio.play(0)
				c.must(p.call(nil, "sendMedia", map[string]any{"audio": true}))
				video := &coming{clip: loadClip(t, webrtc.MimeTypeVP8)}
				c.eval(nil, `self.camera = (await capture(false, {width: 320, height: 240, frameRate: 15})).getVideoTracks()[0]`)
				for i := range changes {
					c.changeOurs(video, i)
					c.changeTheirs(i)
					time.Sleep(rand.N(40 * time.Millisecond))
				}
				n.waitSettled()
				c.Logf("%d offers ignored, %d taken back", n.ignored, n.yielded)
				c.changeOurs(video, 0)
				c.changeTheirs(0)
				n.waitSettled()
				c.waitTraffic("in the end")
				c.wantSameSections()
				for _, k := range c.receivedTracks("audio") {
					if a := k.counts(); a.missing > 0 || len(a.ssrcs) != 1 {
						c.Errorf("their audio: %v, want no loss and one SSRC", a)
					}
				}
				if in := c.inboundOf("audio"); in.PacketsLost > 0 {
					c.Errorf("our audio: %v, want no loss", in)
				}
			})
		}
	})
}

// coming is video of ours that comes and goes.
type coming struct {
	clip *clip
	*outgoing
}

// changeOurs adds our video in even rounds and removes it in odd ones. Stopping
// the transceiver leaves its section to others (RFC 9429 §5.2.2).
func (c *call) changeOurs(video *coming, round int) {
	c.Helper()
	if round%2 == 0 {
		video.outgoing = c.sends(video.clip)
		video.play(0)
		return
	}
	video.end()
	if round < 10 {
		c.must(c.pc.RemoveTrack(video.sender))
		return
	}
	for _, transceiver := range c.pc.GetTransceivers() {
		if transceiver.Sender() == video.sender {
			c.must(transceiver.Stop())
		}
	}
}

// changeTheirs has the browser do the same. Its transceiver may be gone with our
// section, which addTrack has used. Firefox asks for negotiation for ever once one
// that it has never negotiated is stopped.
func (c *call) changeTheirs(round int) {
	c.Helper()
	c.eval(nil, `
		if (args[0] % 2 === 0) {
			const track = camera.clone();
			captured.push(track);
			self.added = pc.addTrack(track, new MediaStream([track]));
			return;
		}
		added.track.stop();
		const transceiver = transceiverOf(added);
		const fresh = transceiver && transceiver.currentDirection === null;
		if (args[0] < 10 || fresh && navigator.userAgent.includes('Firefox')) pc.removeTrack(added);
		else transceiver?.stop();`, round)
}

// wantSameSections compares the two sides' idea of the sections.
func (c *call) wantSameSections() {
	c.Helper()
	var theirs map[string]string
	c.eval(&theirs, `return Object.fromEntries(pc.getTransceivers().filter((t) => t.mid !== null).map((t) => [t.mid, t.currentDirection]))`)
	reversed := map[string]string{"sendonly": "recvonly", "recvonly": "sendonly"}
	ours := map[string]string{}
	for _, transceiver := range c.pc.GetTransceivers() {
		if transceiver.Mid() == "" {
			continue
		}
		direction := transceiver.Direction().String()
		if r := reversed[direction]; r != "" {
			direction = r
		}
		ours[transceiver.Mid()] = direction
	}
	if len(theirs) != len(ours) {
		c.Errorf("the browser's transceivers are %v, ours, reversed, %v", theirs, ours)
	}
	c.Logf("transceivers: %v", theirs)
}
