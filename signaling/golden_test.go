package signaling

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/sdp"
)

var update = flag.Bool("update", false, "rewrite the golden descriptions in testdata")

// first returns two endpoints that have not negotiated.
func first(t *testing.T) (a, b *endpoint) { return newEndpoint(t, "Alice"), newEndpoint(t, "Bob") }

// gathered gives an endpoint a host and a reflexive candidate, and their end.
func gathered(e *endpoint) {
	id, ufrag := e.onlyID(), e.only().local.Ufrag
	e.AddLocalCandidate(id, ufrag, host(1))
	e.AddLocalCandidate(id, ufrag, "2 1 udp 1694498815 198.51.100.9 50000 typ srflx raddr 0.0.0.0 rport 0")
	e.EndOfLocalCandidates(id, ufrag)
}

// rejecting has an endpoint's first offer rejected.
func rejecting(a *endpoint) {
	a.offer()
	a.setRemote(Description{Answer, rejection})
}

func offerSituations(t *testing.T) map[string]func() Description {
	return map[string]func() Description{
		"offer-first": func() Description { a, _ := first(t); return a.offer() },
		"offer-without-sections": func() Description {
			a, _ := first(t)
			a.local.Data = false
			return a.offer()
		},
		"offer-gathered": func() Description {
			a, _ := first(t)
			a.offer()
			gathered(a)
			return *a.PendingLocal()
		},
		"offer-again": func() Description {
			a, b := first(t)
			a.offer()
			gathered(a)
			a.setRemote(b.answer(*a.PendingLocal()))
			return a.offer()
		},
		"offer-restart": func() Description {
			a, b := first(t)
			a.offer()
			gathered(a)
			a.setRemote(b.answer(*a.PendingLocal()))
			return a.restart()
		},
		"offer-by-the-answerer": func() Description { _, b := connected(t); return b.offer() },
		"offer-recycled":        func() Description { a, _ := first(t); rejecting(a); return a.offer() },
		"offer-rejected-kept": func() Description {
			a, _ := first(t)
			rejecting(a)
			a.local.Data = false
			return a.offer()
		},
		"offer-after-chromium-audio-video-data": func() Description {
			a, _ := first(t)
			a.answer(audioVideoData(t))
			return a.offer()
		},
		"offer-two-fingerprints": func() Description {
			a, _ := first(t)
			second := fingerprint('Z')
			second.Algorithm, second.Value = "sha-512", second.Value+":"+second.Value
			a.local.Fingerprints = append(a.local.Fingerprints, second)
			return a.offer()
		},
	}
}

func answerSituations(t *testing.T) map[string]func() Description {
	return map[string]func() Description{
		"answer-first":      func() Description { a, b := first(t); return b.answer(a.offer()) },
		"answer-by-server":  func() Description { a, b := connected(t); return a.answer(b.offer()) },
		"pranswer":          func() Description { a, b := first(t); b.setRemote(a.offer()); return b.pranswer() },
		"answer-no-trickle": func() Description { a, b := first(t); return b.answer(without(t, a.offer(), "a=ice-options")) },
		"answer-no-bundle":  func() Description { a, b := first(t); return b.answer(without(t, a.offer(), "a=group")) },
		"answer-gathered": func() Description {
			a, b := first(t)
			b.answer(a.offer())
			gathered(b)
			return *b.CurrentLocal()
		},
		"answer-restart": func() Description { a, b := connected(t); return b.answer(a.restart()) },
		"answer-chromium-audio-video-data": func() Description {
			a, _ := first(t)
			return a.answer(audioVideoData(t))
		},
		"answer-firefox-audio-video-data": func() Description {
			a, _ := first(t)
			return a.answer(recorded(t, "firefox-153-audio-video-data-offer.sdp", Offer))
		},
		"answer-safari-audio-video-data": func() Description {
			a, _ := first(t)
			return a.answer(recorded(t, "safari-14-audio-video-data-offer.sdp", Offer))
		},
		"answer-audio-only": func() Description {
			a, _ := first(t)
			return a.answer(recorded(t, "rtpengine-audio-offer.sdp", Offer))
		},
		"answer-bundle-only": func() Description { a, _ := first(t); return a.answer(Description{Offer, bundleOnlyData}) },
	}
}

// call has a call of audio and video, with simulcast to the answerer.
func call(t *testing.T) (a, b *endpoint) {
	a, b = parties(t)
	a.addTrack(codec.Audio, "stream")
	a.addTrack(codec.Video, "stream")
	a.addSimulcast("q", "h", "f")
	return a, b
}

func mediaSituations(t *testing.T) map[string]func() Description {
	return map[string]func() Description{
		"media-offer": func() Description { a, _ := call(t); return a.offer() },
		"media-answer": func() Description {
			a, b := call(t)
			b.addTrack(codec.Audio, "other", "third")
			return b.answer(a.offer())
		},
		"media-offer-again": func() Description {
			a, b := call(t)
			negotiate(a, b)
			a.add(codec.Audio, sdp.DirectionRecvonly)
			return a.offer()
		},
		"media-offer-by-the-answerer": func() Description {
			a, b := call(t)
			negotiate(a, b)
			return b.offer()
		},
		"media-offer-stopped": func() Description {
			a, b := call(t)
			negotiate(a, b)
			a.stop(a.ofMid("0"))
			return a.offer()
		},
		"media-offer-recycled": func() Description {
			a, b := call(t)
			negotiate(a, b)
			a.stop(a.ofMid("0"))
			negotiate(a, b)
			a.add(codec.Audio, sdp.DirectionSendrecv)
			return a.offer()
		},
		"media-answer-chromium": func() Description {
			a, _ := parties(t)
			a.addTrack(codec.Video, "stream")
			return a.answer(audioVideoData(t))
		},
		"media-answer-firefox": func() Description {
			a, _ := parties(t)
			a.addTrack(codec.Video, "stream")
			return a.answer(recorded(t, "firefox-153-audio-video-data-offer.sdp", Offer))
		},
		"media-answer-safari": func() Description {
			a, _ := parties(t)
			a.addTrack(codec.Video, "stream")
			return a.answer(recorded(t, "safari-14-audio-video-data-offer.sdp", Offer))
		},
		"media-answer-chromium-simulcast": func() Description {
			a, _ := parties(t)
			return a.answer(recorded(t, "chromium-156-simulcast-offer.sdp", Offer))
		},
	}
}

// TestGoldens compares the descriptions that we write with those of
// testdata, each in a situation of its own.
func TestGoldens(t *testing.T) {
	situations := offerSituations(t)
	maps.Copy(situations, answerSituations(t))
	maps.Copy(situations, mediaSituations(t))
	for name, situation := range situations {
		t.Run(name, func(t *testing.T) {
			got := situation()
			path := filepath.Join("testdata", name+".sdp")
			if *update {
				if err := os.WriteFile(path, []byte(got.SDP), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got.SDP != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got.SDP, want)
			}
		})
	}
}
