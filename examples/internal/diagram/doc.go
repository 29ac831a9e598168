// Package diagram records what happens while two peers connect and draws it as
// a sequence diagram: a column for each party, time running downwards, an
// arrow for each message.
//
// A [Log] takes events from any goroutine, stamps them and hands them on one at
// a time; a [Renderer] draws each as it comes, on a terminal or into a file:
//
//	renderer := diagram.NewRenderer(os.Stdout, diagram.Style{Width: 100, Unicode: true})
//	log := diagram.NewLog(renderer.Draw)
//	log.Arrow(diagram.PeerA, diagram.STUN, diagram.KindSTUN, "who am I?")
//	log.Note(diagram.PeerB, diagram.KindState, "ICE connected")
package diagram
