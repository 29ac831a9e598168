package interop

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc"
	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

// plays starts a call with audio and video both ways, in which the peer offered.
func plays(t *testing.T, p peer) *call {
	t.Helper()
	c, _ := startFlow(t, p)
	c.waitTraffic("at first")
	return c
}

// wantNoLoss checks that no packet of audio has been lost on either way.
func (c *call) wantNoLoss() {
	c.Helper()
	for _, k := range c.receivedTracks("audio") {
		if a := k.counts(); a.missing > 0 || len(a.ssrcs) != 1 {
			c.Errorf("their audio: %v, want no loss and one SSRC", a)
		}
	}
	if in := c.inboundOf("audio"); in.PacketsLost > 0 {
		c.Errorf("our audio: %v, want no loss", in)
	}
}

// sections returns the number of m-lines in a description.
func sections(d *webrtc.SessionDescription) int { return strings.Count(d.SDP, "\r\nm=") }

// transform returns a description with other lines: change returns what becomes
// of a line, and "" to drop it.
func transform(d webrtc.SessionDescription, change func(line string) string) webrtc.SessionDescription {
	var b strings.Builder
	for line := range strings.Lines(d.SDP) {
		if line = change(strings.TrimRight(line, "\r\n")); line != "" {
			b.WriteString(line + "\r\n")
		}
	}
	return webrtc.SessionDescription{Type: d.Type, SDP: b.String()}
}

// without drops the lines of a beginning.
func without(d webrtc.SessionDescription, beginning string) webrtc.SessionDescription {
	return transform(d, func(line string) string {
		if strings.HasPrefix(line, beginning) {
			return ""
		}
		return line
	})
}

// TestBrowserRollback has either side offer new media in a call, and both take it
// back (RFC 9429 §4.1.10.2): what flows goes on, and what was offered is as it was.
func TestBrowserRollback(t *testing.T) {
	forEachBrowser(t, func(t *testing.T, name string, p peer) {
		c := plays(t, p)
		for range 3 {
			before := c.transceiversThere()
			_, err := c.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo)
			c.must(err)
			c.must(c.pc.SetLocalDescription(webrtc.SessionDescription{}))
			c.eval(nil, `await pc.setRemoteDescription(args[0])`, c.local())
			c.eval(nil, `await pc.setRemoteDescription({type: 'rollback'})`)
			c.must(c.pc.Rollback())
			if after := c.transceiversThere(); after != before {
				c.Errorf("after a rollback of our offer the browser has %d transceivers, want %d", after, before)
			}

			ours := len(c.pc.GetTransceivers())
			var offer webrtc.SessionDescription
			c.eval(&offer, `
				self.extra = pc.addTransceiver('video', {direction: 'recvonly'});
				await pc.setLocalDescription();
				return plain(pc.localDescription)`)
			c.must(c.pc.SetRemoteDescription(offer))
			c.must(c.pc.Rollback())
			c.eval(nil, `await pc.setLocalDescription({type: 'rollback'}); extra.stop()`)
			if after := len(c.pc.GetTransceivers()); after != ours {
				c.Errorf("after a rollback of the browser's offer there are %d transceivers here, want %d", after, ours)
			}
			for _, transceiver := range c.pc.GetTransceivers() {
				if transceiver.Mid() == "" {
					c.must(transceiver.Stop())
				}
			}
		}
		if name == "firefox" {
			// It takes sound for video once it has rolled an offer of its own back, from
			// peers of its own kind too, until the next answer.
			c.offers()
			c.answers()
			c.waitTraffic("after the rollbacks and another offer")
			return
		}
		c.waitTraffic("after the rollbacks")
		c.offers()
		c.answers()
		c.waitTraffic("after the next offers")
		c.wantNoLoss()
	})
}

func (c *call) transceiversThere() (n int) {
	c.Helper()
	c.eval(&n, `return pc.getTransceivers().length`)
	return n
}

// TestBrowserProvisionalAnswer has media flow on a provisional answer of either
// side's (RFC 9429 §4.1.10.1). Chromium alone sets them.
func TestBrowserProvisionalAnswer(t *testing.T) {
	p := thePeer(t, "chromium with camera")
	start := func(t *testing.T) *call {
		c := startCall(t, p, nil)
		video, audio := c.sends(loadClip(t, webrtc.MimeTypeVP8)), c.sends(loadClip(t, webrtc.MimeTypeOpus))
		c.theySend(smallCamera(webrtc.MimeTypeVP8))
		video.play(0)
		audio.play(0)
		return c
	}
	t.Run("ours", func(t *testing.T) {
		c := start(t)
		var offer webrtc.SessionDescription
		c.must(p.call(&offer, "offer"))
		c.must(c.pc.SetRemoteDescription(offer))
		c.must(c.pc.SetLocalDescription(webrtc.SessionDescription{Type: webrtc.SDPTypePranswer}))
		c.must(p.call(nil, "accept", c.local()))
		c.waitConnected()
		c.waitTraffic("on the provisional answer")
		c.must(c.pc.SetLocalDescription(webrtc.SessionDescription{}))
		c.must(p.call(nil, "accept", c.local()))
		c.waitTraffic("on the answer")
		c.wantNoLoss()
	})
	t.Run("theirs", func(t *testing.T) {
		c := start(t)
		c.must(c.pc.SetLocalDescription(webrtc.SessionDescription{}))
		var pranswer, answer webrtc.SessionDescription
		c.eval(&pranswer, `
			await pc.setRemoteDescription(args[0]);
			const {sdp} = await pc.createAnswer();
			await pc.setLocalDescription({type: 'pranswer', sdp});
			return plain(pc.localDescription)`, c.local())
		c.must(c.pc.SetRemoteDescription(pranswer))
		c.waitConnected()
		c.waitTraffic("on the provisional answer")
		c.eval(&answer, `
			await pc.setLocalDescription(await pc.createAnswer());
			return plain(pc.localDescription)`)
		c.must(c.pc.SetRemoteDescription(answer))
		c.waitTraffic("on the answer")
		c.wantNoLoss()
	})
}

// TestBrowserWithoutBundle has one side offer in groups and the other know no
// groups (RFC 9143 §7.1): audio and video have transports of their own.
func TestBrowserWithoutBundle(t *testing.T) {
	forEachBrowser(t, func(t *testing.T, _ string, p peer) {
		for _, policy := range []webrtc.BundlePolicy{webrtc.BundlePolicyBalanced, webrtc.BundlePolicyMaxCompat} {
			for _, role := range []string{"offerer", "answerer"} {
				t.Run(fmt.Sprintf("%s/%s", policy, role), func(t *testing.T) {
					c := startCall(t, p, func(config *webrtc.Configuration, _ *webrtc.SettingEngine) { config.BundlePolicy = policy })
					video, audio := c.sends(loadClip(t, webrtc.MimeTypeVP8)), c.sends(loadClip(t, webrtc.MimeTypeOpus))
					c.theySend(smallCamera(webrtc.MimeTypeVP8))
					if role == "offerer" {
						c.must(c.pc.SetLocalDescription(webrtc.SessionDescription{}))
						var answer webrtc.SessionDescription
						c.must(p.call(&answer, "answer", without(c.local(), "a=group:BUNDLE")))
						c.must(c.pc.SetRemoteDescription(answer))
					} else {
						var offer webrtc.SessionDescription
						c.must(p.call(&offer, "offer"))
						c.must(c.pc.SetRemoteDescription(without(offer, "a=group:BUNDLE")))
						c.must(c.pc.SetLocalDescription(webrtc.SessionDescription{}))
						c.must(p.call(nil, "accept", c.local()))
					}
					c.waitConnected()
					video.play(0)
					audio.play(0)
					c.waitTraffic("on two transports")
					first, second := video.sender.Transport(), audio.sender.Transport()
					if first == nil || second == nil || first == second {
						c.Errorf("the senders' transports are %p and %p, want two", first, second)
					}
				})
			}
		}
	})
}

// TestBrowserWithoutRTCPMux has the browser's offer lack a=rtcp-mux. The policy
// "require" refuses it whole (RFC 9429 §5.10), and leaves all as it was.
func TestBrowserWithoutRTCPMux(t *testing.T) {
	forEachBrowser(t, func(t *testing.T, _ string, p peer) {
		c := startCall(t, p, nil)
		c.theySend(smallCamera(webrtc.MimeTypeVP8))
		var offer webrtc.SessionDescription
		c.must(p.call(&offer, "offer"))
		err := c.pc.SetRemoteDescription(without(offer, "a=rtcp-mux"))
		if refused := (*rtcerr.InvalidAccessError)(nil); !errors.As(err, &refused) {
			c.Errorf("an offer without a=rtcp-mux: %v, want an InvalidAccessError", err)
		}
		if state := c.pc.SignalingState(); state != webrtc.SignalingStateStable || c.pc.RemoteDescription() != nil || len(c.pc.GetTransceivers()) > 0 {
			c.Errorf("after the error: %s, %v, %d transceivers, want nothing changed", state, c.pc.RemoteDescription(), len(c.pc.GetTransceivers()))
		}
		c.must(c.pc.SetRemoteDescription(offer))
		c.must(c.pc.SetLocalDescription(webrtc.SessionDescription{}))
		c.must(p.call(nil, "accept", c.local()))
		c.waitConnected()
		c.waitArrived(webrtc.MimeTypeVP8)
	})
}

// TestBrowserRestartInCall restarts ICE from either side while media flows: no
// packet is lost beyond the switch from one pair to the other.
func TestBrowserRestartInCall(t *testing.T) {
	forEachBrowser(t, func(t *testing.T, _ string, p peer) {
		c := plays(t, p)
		for _, restart := range []func(){
			func() { c.pc.RestartICE(); c.offers() },
			func() { c.must(p.call(nil, "restart")); c.answers() },
		} {
			before, err := c.iceTransport().GetRemoteParameters()
			c.must(err)
			selected := make(chan *webrtc.ICECandidatePair, 100)
			c.iceTransport().OnSelectedCandidatePairChange(func(p *webrtc.ICECandidatePair) { selected <- p })
			restart()
			c.waitFor("a new pair is selected", func() bool { return len(selected) > 0 })
			after, err := c.iceTransport().GetRemoteParameters()
			c.must(err)
			if after.UsernameFragment == before.UsernameFragment {
				c.Errorf("the browser's user name fragment stays %q", after.UsernameFragment)
			}
			c.waitTraffic("after the restart")
			lost := c.audioLost()
			if lost > 5 {
				c.Errorf("%d packets of audio were lost with the switch", lost)
			}
			c.waitTraffic("on the new pair")
			if more := c.audioLost() - lost; more > 0 {
				c.Errorf("%d packets of audio were lost beyond the switch", more)
			}
		}
	})
}

// audioLost is how many packets of audio have been lost, both ways.
func (c *call) audioLost() int64 {
	c.Helper()
	lost := int64(c.inboundOf("audio").PacketsLost)
	for _, k := range c.receivedTracks("audio") {
		lost += k.counts().missing
	}
	return lost
}

func (c *call) iceTransport() *webrtc.ICETransport {
	return c.pc.GetSenders()[0].Transport().ICETransport()
}

// renegotiations is how often TestBrowserRenegotiates does so.
const renegotiations = 100

// TestBrowserRenegotiates exchanges descriptions a hundred times in one call, in
// turn, each with another direction of the video.
func TestBrowserRenegotiates(t *testing.T) {
	forEachBrowser(t, func(t *testing.T, _ string, p peer) {
		c := plays(t, p)
		lines := sections(c.pc.CurrentLocalDescription())
		directions := []webrtc.RTPTransceiverDirection{webrtc.RTPTransceiverDirectionSendonly, webrtc.RTPTransceiverDirectionSendrecv,
			webrtc.RTPTransceiverDirectionInactive, webrtc.RTPTransceiverDirectionSendrecv, webrtc.RTPTransceiverDirectionRecvonly,
			webrtc.RTPTransceiverDirectionSendrecv}
		for i := range renegotiations {
			direction := directions[i/2%len(directions)]
			if i%2 == 0 {
				c.must(c.videoTransceiver().SetDirection(direction))
				c.offers()
			} else {
				c.eval(nil, `pc.getTransceivers().find((t) => t.receiver.track.kind === 'video').direction = args[0]`, direction.Revers().String())
				c.answers()
			}
			if n := sections(c.pc.CurrentLocalDescription()); n != lines {
				c.Fatalf("exchange %d: %d m-lines, want %d", i, n, lines)
			}
		}
		c.must(c.videoTransceiver().SetDirection(webrtc.RTPTransceiverDirectionSendrecv))
		c.offers()
		c.eval(nil, `pc.getTransceivers().find((t) => t.receiver.track.kind === 'video').direction = 'sendrecv'`)
		c.answers()
		c.waitTraffic("in the end")
		c.wantNoLoss()
	})
}

func (c *call) videoTransceiver() *webrtc.RTPTransceiver {
	for _, transceiver := range c.pc.GetTransceivers() {
		if transceiver.Kind() == webrtc.RTPCodecTypeVideo {
			return transceiver
		}
	}
	c.Fatal("there is no video")
	return nil
}

// TestBrowserRecyclesSections has either side stop the video and the other or the
// same one add some again: the section is used again under another mid (RFC 9429
// §5.2.2), and video flows in it.
func TestBrowserRecyclesSections(t *testing.T) {
	forEachBrowser(t, func(t *testing.T, _ string, p peer) {
		c := plays(t, p)
		lines := sections(c.pc.CurrentLocalDescription())
		for round, oursStops := range []bool{true, false, true, false} {
			old := c.videoTransceiver().Mid()
			if oursStops {
				c.must(c.videoTransceiver().Stop())
				c.offers()
			} else {
				c.eval(nil, `pc.getTransceivers().find((t) => t.receiver.track.kind === 'video').stop()`)
				c.answers()
			}
			if n := len(c.pc.GetTransceivers()); n != 1 {
				c.Errorf("round %d: %d transceivers after one was stopped, want 1", round, n)
			}
			if oursAdds := round < 2; oursAdds {
				video := c.sends(loadClip(t, webrtc.MimeTypeVP8))
				c.offers()
				video.play(0)
				before := c.inboundOf("video").FramesDecoded
				c.waitFor("the browser decodes", func() bool { return c.inboundOf("video").FramesDecoded >= before+15 })
			} else {
				before := len(c.receivedTracks("video"))
				c.must(p.call(nil, "sendMedia", map[string]any{"video": map[string]any{"width": 320, "height": 240, "frameRate": 15}, "codec": webrtc.MimeTypeVP8}))
				c.answers()
				c.waitFor("frames come", func() bool {
					all := c.receivedTracks("video")
					return len(all) > before && all[len(all)-1].counts().frames >= 15
				})
			}
			if n := sections(c.pc.CurrentLocalDescription()); n != lines {
				c.Errorf("round %d: %d m-lines, want %d as before", round, n, lines)
			}
			if mid := c.videoTransceiver().Mid(); mid == old {
				c.Errorf("round %d: the mid stays %q", round, mid)
			}
		}
		c.wantNoLoss()
	})
}
