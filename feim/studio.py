"""The studio: the only place where the systems meet. The demo, the notebooks and the command line are doors to it."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from feim.animating import SIZE, PreparedFace, TalkingHead, filmed, prepared, recorded, spoken
from feim.animating import Sound as Said
from feim.expressing import shown as muscles_of
from feim.feeling import Intensity, as_drawn, constant, heard_in, is_curve, parse_curve
from feim.hearing import Heard, NothingHeard, Sound, hear, samples
from feim.language_model import from_environment
from feim.models import checkpoint, model_class
from feim.models.checkpoint import MissingCheckpoint
from feim.models.embeddings import FaceNetwork, crop_to_tensor
from feim.models.tts import FEIMTTS, Sampling
from feim.models.vocoder import SourceFilterVocoder
from feim.repainting import Painter, repainted
from feim.seeing import Film, Photo, Seen, film, photo, photo_or_film, see
from feim.settings import (
    InvalidSetting,
    check_film,
    check_learnt,
    check_sound,
    checked_language,
    checked_sampling,
    checked_seed,
    checked_text,
    checked_vector,
)  # fmt: skip
from feim.signal.emotion import EMOTIONS, NEUTRAL, parse_intensity
from feim.signal.emotion_arc import Arc, Feelings, parse_arc
from feim.signal.face import Face, find_face, read_image
from feim.signal.text import LANGUAGES, normalise, phonemise, sentences, unreadable
from feim.signal.video import UnreadableVideo, Video
from feim.speaking import Chunk, Progress, Speech, Wish, growing, in_chunks, timed
from feim.thinking import Reasoning, think

FaceSource = str | Path | Image.Image | np.ndarray | PreparedFace | torch.Tensor
NOT_FOLLOWED = "the face does not follow the voice: the weights voice-intensity are missing; see python -m feim doctor"
NO_MUSCLES = "the GAN knows no muscles; it shows the emotion and the intensity that were thought"
NON_COMMERCIAL = "this voice learnt from actors' recordings that are not for commerce (CC BY-NC-SA 4.0), and so is what it says"


@dataclass
class Studio:
    """Loaded models, and what they do together. Holds no state between calls.

    Attributes:
        tts, vocoder, faces: the networks; sampling: how mels are drawn unless a call says otherwise.
        shelf: where the weights lie that are loaded when somebody first asks for them: another language, an ear.
    """

    tts: FEIMTTS
    vocoder: SourceFilterVocoder
    faces: FaceNetwork
    sampling: Sampling = field(default_factory=Sampling)
    shelf: Path = checkpoint.CHECKPOINTS
    _taken: dict[str, torch.nn.Module] = field(default_factory=dict, init=False, repr=False)

    def speak(
        self,
        text: str,
        face: FaceSource | None = None,
        emotion: Feelings = "neutral",
        intensity: float = 1.0,
        seed: int = 0,
        steps: int | None = None,
        *,
        speed: float = 1.0,
        pitch_shift: float = 0.0,
        vocoder: str = "source-filter",
        language: str = "en",
        progress: Progress | None = None,
    ) -> Speech:
        """Say `text` in a voice that suits `face`, with `emotion` at `intensity`.

        Args:
            face: a path, a PIL image, an (H, W, 3) uint8 array, or None for the default voice; or a (512,) unit tensor of the space
                that faces and voices share, such as the voice network's of a recording; or what `prepare` gave.
            emotion: one of feim.signal.emotion.EMOTIONS; or a mixture of at most three, as "happy:0.7+sad:0.3" or
                {"happy": 0.7, "sad": 0.3}, felt at once, for the cost of one; or at most five of them, one after another, as
                "surprised,happy" or ["surprised", "happy"], where each sentence is said with what is felt in its middle.
            intensity: γ in [0, 30], 0 neutral, 1 as labelled.
            seed: the same seed gives the same waveform; steps: of the diffusion solver.
            speed: 0.5 to 2; pitch_shift: semitones, −12 to 12; vocoder: "source-filter", or "griffin-lim", a reference that cannot shift.
            language: "en", or "pl", whose voice learnt emotion from Polish actors and is not for commerce.
            progress: called with a fraction in [0, 1], which never falls, and what is being done.

        Raises: UnknownEmotion, InvalidMixture, InvalidIntensity, InvalidSetting, NothingToSay, TextTooLong, UnreadableImage, FaceNotFound;
            for another language than English also MissingCheckpoint, DamagedCheckpoint.
        """
        wish = self._wish(text, face, emotion, intensity, seed, steps, speed, pitch_shift, vocoder, language, progress)
        *_, last = in_chunks(wish, lambda frames: [(0, frames)])
        return last.speech

    def stream(
        self,
        text: str,
        face: FaceSource | None = None,
        emotion: Feelings = "neutral",
        intensity: float = 1.0,
        seed: int = 0,
        steps: int | None = None,
        *,
        speed: float = 1.0,
        pitch_shift: float = 0.0,
        vocoder: str = "source-filter",
        language: str = "en",
        progress: Progress | None = None,
    ) -> Iterator[Chunk]:
        """Say exactly what `speak` says with the same arguments, sentence by sentence and chunk by chunk while it is made.

        Work is done only while the next chunk is waited for: who stops asking stops it. The last chunk brings the whole Speech, whose
        timings leave out the waiting between chunks.

        Raises: at the call, before any sound, what `speak` raises.
        """
        return in_chunks(self._wish(text, face, emotion, intensity, seed, steps, speed, pitch_shift, vocoder, language, progress), growing)

    def prepare(self, face: str | Path | Image.Image | np.ndarray, *, renderer: str = "portrait", size: int = SIZE) -> PreparedFace:
        """Look at a face once. `speak` and `animate` take what this gives in place of a photo, as often as the face speaks.

        Args:
            face: a path, a PIL image or an (H, W, 3) uint8 array: a photo from the front.
            renderer: "portrait", which moves the photo's own pixels; "gan", the seed's generator and super-resolution, which paint the
                face anew; size: pixels of the film's side, even.

        Raises: InvalidSetting, UnreadableImage, FaceNotFound, FaceTurnedAway, MissingCheckpoint, DamagedCheckpoint.
        """
        check_film(renderer, size)
        if face is None or isinstance(face, torch.Tensor):
            raise InvalidSetting("there is no face to animate; give a photo")
        if renderer == "gan":
            self.painter()
        return prepared(read_image(face), self._take("landmarks"), self._take("portrait"), renderer, int(size))

    def animate(
        self,
        face: str | Path | Image.Image | np.ndarray | PreparedFace,
        speech: Speech | Sound,
        emotion: Feelings | None = None,
        intensity: Intensity | None = None,
        seed: int = 0,
        *,
        follow: bool = True,
        thought: Reasoning | None = None,
        renderer: str = "portrait",
        size: int = SIZE,
        progress: Progress | None = None,
    ) -> TalkingHead:
        """Let a face say `speech`, with `emotion` at `intensity` showing in it: `talking.save("hello.mp4")`.

        Pictures are drawn while they are saved or looked at; `talking.save` takes a progress of its own, called with every frame.

        Args:
            face: a photo from the front, or what `prepare` made of one; renderer, size: as there, where it was not prepared.
            speech: what `speak` gave; or a recording of anybody, a sound file or (samples,) at 16 kHz.
            emotion, intensity: as in `speak`; by default those that the speech was said with, neutral for a recording. Of emotions one
                after another, each fades into the next. Intensity may also be a curve: two or more γ, spread over the film in straight
                lines.
            follow: whether the face feels more and less as the voice does, around one intensity; a curve is shown as it is.
            thought: what `think` gave of the text: its muscles move the face, in place of the emotion's prototype, with its emotion, and
                its intensity unless another is given. The GAN knows no muscles, only emotion and intensity.
            seed: of blinks, gaze and gestures, or of the GAN's noise.
            progress: called with a fraction in [0, 1], which never falls, and what is being done, until the first picture can be drawn.

        Raises: UnknownEmotion, InvalidMixture, InvalidIntensity, InvalidSetting, UnreadableAudio, MissingCheckpoint, and what `prepare`
            raises.
        """
        own = isinstance(speech, Speech)
        if thought is not None:
            if emotion is not None:
                raise InvalidSetting("an emotion and a thought do not go together; give the emotion to think(), which finds its muscles")
            emotion, intensity = thought.emotion, thought.intensity if intensity is None else intensity
        curve = parse_curve(intensity) if is_curve(intensity) else None
        arc = parse_arc(emotion if emotion is not None else speech.emotion if own else "neutral")
        if curve is not None:
            arc = arc.with_intensity(float(curve.mean()))
        elif intensity is not None:
            arc = arc.with_intensity(parse_intensity(intensity))
        elif own and arc.name == speech.emotion:
            arc = arc.with_intensity(speech.intensity)
        seed = checked_seed(seed)
        report = progress or (lambda fraction, message: None)
        report(0.0, "looking at the face")
        clock = dict.fromkeys(("face", "motion", "total"), 0.0)
        with timed(clock, "face"):
            looked_at = face if isinstance(face, PreparedFace) else self.prepare(face, renderer=renderer, size=size)
        report(0.5, "listening")
        with timed(clock, "motion"):
            sound = spoken(speech) if own else recorded(self._take("lip-motion"), samples(speech))
            shown, notes = self._shown(sound, arc, curve, follow)
            moves = thought is not None and looked_at.renderer == "portrait"
            muscles = muscles_of(self._take("motion"), thought, shown, sound.words, seed) if moves else None
            if thought is not None and not moves:
                notes = (*notes, NO_MUSCLES)
        if looked_at.renderer == "portrait":
            talking = filmed(looked_at, sound, arc, seed, clock, shown, muscles)
        else:
            talking = repainted(self.painter(), looked_at, sound, arc, seed, clock, shown)
        report(1.0, "ready to draw")
        return replace(talking, notes=talking.notes + notes)

    def _shown(self, sound: Said, arc: Arc, curve: np.ndarray | None, follow: bool) -> tuple[np.ndarray, tuple[str, ...]]:
        """γ of every frame of a film, (F,), and what the person should know about it."""
        frames, notes = len(sound.mouth), ()
        if curve is not None:
            return as_drawn(curve, frames), notes
        if follow and arc.name != EMOTIONS[NEUTRAL]:
            try:
                return heard_in(self._take("voice-intensity"), sound.mel, sound.pitch, arc, frames), notes
            except MissingCheckpoint:
                notes = (NOT_FOLLOWED,)
        return constant(arc.intensity, frames), notes

    def analyse(
        self,
        audio: Sound | None = None,
        *,
        image: Photo | None = None,
        video: Film | None = None,
        voice: Sequence[Sound] = (),
        neutral: Photo | Film | None = None,
        progress: Progress | None = None,
    ) -> Heard | Seen:
        """Which emotion a voice or a face shows, and how strongly: `found.emotions` is {label: probability}, `found.intensity` (F,).

        Give one of `audio`, `image` and `video`.

        Args:
            audio: a sound file, or (samples,) at 16 kHz, to be heard.
            video: a film file, or pictures (H, W, 3) uint8, 25 a second, to be seen; a file's sound is heard, too, as `found.heard`.
            image: a photo, a path, a PIL image or an (H, W, 3) uint8 array; it needs `neutral`.
            voice: other recordings of the same person, in any emotion, ten or more if there are. They tell what is usual for this voice,
                without which raised and high voices are easily confused.
            neutral: a photo or a film of the same face at rest. Without it, how it rests is guessed from the film itself.
            progress: called with a fraction in [0, 1], which never falls, and what is being done, while pictures are looked at.

        Raises: InvalidSetting; UnreadableAudio, NothingHeard; UnreadableImage, UnreadableVideo, FaceNotFound, NoRest; MissingCheckpoint,
            DamagedCheckpoint. A film in which no voice is heard is seen all the same.
        """
        given = [name for name, one in (("audio", audio), ("image", image), ("video", video)) if one is not None]
        if len(given) != 1:
            raise InvalidSetting(f"give one of audio, image and video to analyse; these were given: {', '.join(given) or 'none'}")
        if audio is not None and neutral is not None:
            raise InvalidSetting("neutral is of a face; a sound shows none")
        friends = [voice] if isinstance(voice, str | Path | np.ndarray) else list(voice)
        if image is not None and friends:
            raise InvalidSetting("voice is of a sound; a photo has none")
        for sound in friends:
            samples(sound)  # what cannot be read is told before anything is looked at
        if audio is not None:
            return self._hear(audio, friends)
        shown = photo(image) if video is None else film(video)
        rest = None if neutral is None else photo_or_film(neutral)
        seen = see(self._take("emotion-space"), self._take("landmarks"), shown, rest, progress)
        return seen if shown.file is None else self._heard_too(seen, shown.file, friends)

    def _heard_too(self, seen: Seen, file: Video, friends: Sequence[Sound]) -> Seen:
        """What a film's sound lets hear beside what is seen in it; where that is nothing, a note says why."""
        try:
            if (waveform := file.waveform) is None:
                return replace(seen, notes=(*seen.notes, "the film has no sound"))
            return replace(seen, heard=self._hear(waveform, friends))
        except NothingHeard:
            return replace(seen, notes=(*seen.notes, "no voice is heard in the film"))
        except (UnreadableVideo, MissingCheckpoint) as error:
            return replace(seen, notes=(*seen.notes, f"the film's sound is left out: {error}"))

    def _hear(self, audio: Sound, friends: Sequence[Sound]) -> Heard:
        recogniser = self._take("emotion-recogniser")
        try:
            return hear(recogniser, audio, friends, self._take("voice-intensity"))
        except MissingCheckpoint:
            return hear(recogniser, audio, friends)

    def think(self, text: str, emotion: str | None = None) -> Reasoning:
        """Think before drawing: which feeling a text holds, how strongly, which muscles show it, which words carry it, and why.

        A language model is asked only where FEIM_LLM_URL names one (feim.language_model), and the built-in chain answers where it fails.

        Args: emotion: what it shall be said with; None lets the text decide.
        Raises: UnknownEmotion, InvalidSetting, MissingCheckpoint, DamagedCheckpoint.
        """
        checked_text(text)
        if emotion is not None and not (isinstance(emotion, str) and not set(emotion) & set(",+:")):
            raise InvalidSetting(f"{emotion!r} cannot be thought of; thinking takes one emotion: {', '.join(EMOTIONS)}")
        return think(self._take("text-emotion"), text, emotion, from_environment())

    def _take(self, name: str) -> torch.nn.Module:
        """Weights from the shelf, loaded once."""
        if name not in self._taken:
            self._taken[name] = checkpoint.load(model_class(name), name, self.shelf)
        return self._taken[name]

    def painter(self) -> Painter:
        """The networks of the renderer "gan". Raises: MissingCheckpoint, DamagedCheckpoint."""
        return Painter(self._take("talking-face"), self._take("super-resolution"))

    def model_of(self, language: str) -> FEIMTTS:
        """The model that speaks a language. Raises: InvalidSetting, MissingCheckpoint, DamagedCheckpoint."""
        return self.tts if checked_language(language) == "en" else checkpoint.to_device(self._take(f"tts-{language}"))

    @torch.inference_mode()
    def face_vector(self, face: Face | None, tts: FEIMTTS | None = None) -> torch.Tensor:
        """The (512,) unit vector of an aligned face; without a face, the default voice's of `tts`, or of the English one."""
        if face is None:
            return (tts or self.tts).default_face.float().cpu()
        crops = crop_to_tensor(face.crop)[None]  # (1, 3, 224, 224)
        return self.faces(crops.to(self.faces.mean.device))[0].cpu()

    def _wish(
        self,
        text: str,
        face: FaceSource | None,
        emotion: Feelings,
        intensity: float,
        seed: int,
        steps: int | None,
        speed: float,
        pitch_shift: float,
        vocoder: str,
        language: str,
        progress: Progress | None,
    ) -> Wish:
        """All that can be known before the first sound: every argument is checked, the text read and the face found."""
        began = time.perf_counter()
        arc = parse_arc(emotion, intensity)
        sampling = checked_sampling(self.sampling, steps, speed)
        checked_text(text)
        seed = checked_seed(seed)
        check_sound(pitch_shift, vocoder)
        tts, spoken = self.model_of(language), LANGUAGES[language]
        check_learnt(tts, language, arc)
        words = normalise(text, spoken)
        clock = dict.fromkeys(("face", "text", "acoustic", "vocoder"), 0.0)
        with timed(clock, "text"):
            phonemes = tuple(phonemise(sentence, spoken) for sentence in sentences(words))

        report = progress or (lambda fraction, message: None)
        report(0.0, "looking at the face")
        with timed(clock, "face"):
            given = isinstance(face, torch.Tensor)
            seen = None if face is None or given else _seen(face)
            vector = checked_vector(face) if given else self.face_vector(seen, tts)
        clock["total"] = time.perf_counter() - began
        notes = _notes(text, seen, language)
        return Wish(tts, self.vocoder, words, phonemes, vector, arc, seed, sampling, pitch_shift, vocoder, notes, report, clock)


def _seen(face: str | Path | Image.Image | np.ndarray | PreparedFace) -> Face:
    """Raises: UnreadableImage, FaceNotFound."""
    return face.face if isinstance(face, PreparedFace) else find_face(read_image(face))


def _notes(text: str, face: Face | None, language: str) -> tuple[str, ...]:
    notes = [NON_COMMERCIAL] if language != "en" else []
    if face is not None and face.others:
        notes.append(f"{face.others + 1} faces found; the largest was taken")
    left_out = unreadable(text)
    if left_out:
        shown = left_out if len(left_out) <= 20 else left_out[:20] + "…"
        notes.append(f"letters that this voice cannot read were left out: {shown}")
    return tuple(notes)


def load(folder: str | Path = checkpoint.CHECKPOINTS) -> Studio:
    """The shipped models, on the GPU if there is one. Raises MissingCheckpoint, DamagedCheckpoint."""
    names = ("tts", "vocoder", "face-network")
    tts, vocoder, faces = (checkpoint.to_device(checkpoint.load(model_class(name), name, folder)) for name in names)
    return Studio(tts, vocoder, faces, shelf=Path(folder))
