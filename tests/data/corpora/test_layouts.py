"""Every reader on a miniature tree of the layout that its corpus is published in, and what it refuses."""

import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from feim.data.clip import read_manifest
from feim.data.corpora import PUBLISHED_AS_CLIPS, prepare_corpus
from feim.data.corpora.publication import MissingCorpus
from feim.data.corpora.workers import processes
from feim.signal.audio import read_audio
from feim.signal.emotion import EMOTIONS
from feim.signal.face import read_image

Put = Callable[..., None]


def read(name: str, source: Path) -> dict:
    """Clips by their ids."""
    return {utterance.clip.id: utterance.clip for utterance in import_module(f"feim.data.corpora.{name.replace('-', '_')}").read(source)}


def told(clip) -> tuple:
    return (clip.speaker, clip.language, clip.text, clip.split, clip.emotion, clip.intensity, clip.gender)


# ---- the layouts: put(path, …) copies the sound or the film there, or writes a text ------------------------------------------


def crema_d(put: Put) -> None:
    names = ["1001_IEO_NEU_XX", "1001_IEO_HAP_LO", "1001_IEO_ANG_LO", "1002_TIE_ANG_XX", "1002_TIE_FEA_XX", "1040_ITH_SAD_XX"]
    put("SentenceFilenames.csv", text='"Stimulus_Number","Filename"\n' + "".join(f'{i},"{name}"\n' for i, name in enumerate(names, 1)))
    people = '1001,51,"Male"\n1002,21,"Female"\n1040,42,"Female"\n' + "".join(f'{actor},30,"Male"\n' for actor in range(1050, 1060))
    put("VideoDemographics.csv", text='"ActorID","Age","Sex"\n' + people)
    votes = ['"N","64.78"', '"H","57.38"', '"N:F","70:60"', '"A:D","69.25:72.00"', '"N","80"', '"S","50"']
    rows = "".join(f'"{i}","{name}",{vote}\n' for i, (name, vote) in enumerate(zip(names, votes, strict=True), 1))
    put("processedResults/summaryTable.csv", text='"","FileName","MultiModalVote","MultiModalLevel"\n' + rows)
    for name in names:
        put(f"AudioWAV/{name.replace('SAD_XX', 'SAD_X')}.wav", "sound")
        put(f"VideoFlash/{name}.flv", "film")


def meld(put: Put) -> None:
    header = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime\n"
    line = '1,"{}",{},{},neutral,0,{},8,21,"00:16:16,059","00:16:21,731"\n'
    put(
        "train/train_sent_emo.csv",
        text=header + line.format("Oh, it\x92s you.", "Ross", "joy", 0) + line.format("Why?", "Mark", "anger", 1),
    )
    put("dev_sent_emo.csv", text=header + line.format("Stop!", "Monica", "surprise", 3).replace("21,731", "21,73"))
    put("test_sent_emo.csv", text=header + line.format("No.", "Phoebe", "disgust", 0))
    for film in (
        "train/train_splits/dia0_utt0",
        "train/train_splits/dia0_utt1",
        "dev/dev_splits_complete/dia0_utt3",
        "output_repeated_splits_test/dia0_utt0",
    ):
        put(f"{film}.mp4", "film")


def lrs3(put: Put) -> None:
    for name, words in (("pretrain/talkA/00001", "WE {LG} LAUGH"), ("trainval/talkB/50001", "SO IT IS"), ("test/talkC/00001", "THANK YOU")):
        put(f"{name}.txt", text=f"Text:  {words}\nConf:  3\nRef:   x\n\nFRAME \tX \tY \tW \tH \n000000 \t0.4 \t0.3 \t0.2 \t0.4\n")
        put(f"{name}.mp4", "film")


def lrw(put: Put) -> None:
    for split in ("train", "val", "test"):
        put(f"lipread_mp4/ABOUT/{split}/ABOUT_00001.mp4", "film")
        put(f"lipread_mp4/ABOUT/{split}/ABOUT_00001.txt", text="Duration: 0.53 seconds\n")


def glips(put: Put) -> None:
    for split in ("train", "val"):
        put(f"lipread_files/aufgaben/{split}/aufgaben_0001-0863.mp4", "film")
        put(f"lipread_files/aufgaben/{split}/aufgaben_0001-0863.m4a", "film")
        put(f"lipread_files/aufgaben/{split}/aufgaben_0001-0863.txt", text="Spoken word: aufgaben\n")


def mead(put: Put) -> None:
    for place in ("M003/{}angry/level_2/001", "M003/{}neutral/level_1/004", "W009/{}contempt/level_3/002"):
        put(place.format("audio/") + ".m4a", "film")
        put(place.format("video/front/") + ".mp4", "film")
        put(place.format("video/left_30/") + ".mp4", "film")


def hdtf(put: Put) -> None:
    put("HDTF_dataset/RD_annotion_time.txt", text="Radio1.mp4 00:00-00:00\nRadio11.mp4 00:30-01:00 01:30-02:30\n")
    put("HDTF_dataset/WDA_annotion_time.txt", text="JackReed1.mp4 00:05-03:20\n")
    put("HDTF_dataset/WRA_annotion_time.txt", text="PeterKing.mp4 00:20-00:40 \n\n")
    put("videos/Radio11_0.mp4", "film")
    put("videos/RD_Radio11_001.mp4", "film")
    put("videos/JackReed1_0.mp4", "film")
    put("videos/PeterKing.mp4", "film")


def grid(put: Put) -> None:
    put("s1/bbaf2n.mpg", "film")
    put("s4/video/mpg_6000/lwbsza.mpg", "film")
    put("s4/video/mpg_6000/Thumbs.mpg", "film")


def voxceleb2(put: Put) -> None:
    put("vox2_meta.csv", text="VoxCeleb2 ID ,VGGFace2 ID ,Gender ,Set \nid00012 ,n000012 ,m ,dev \nid00017 ,n000017 ,f ,test \n")
    put("dev/mp4/id00012/21Uxsk56VDQ/00001.mp4", "film")
    put("test/mp4/id00017/01dfn2spqyE/00001.mp4", "film")


def iemocap(put: Put) -> None:
    for session in range(1, 6):
        folder, dialogue = f"IEMOCAP_full_release/Session{session}", f"Ses0{session}F_impro01"
        labels = "".join(
            f"[{start:.4f} - {start + 0.3:.4f}]\t{dialogue}_{who}\t{label}\t[2.5, 2.5, 2.5]\nC-E2:\tNeutral;\t()\n\n"
            for start, who, label in ((0.0, "F000", "neu"), (0.1, "M000", "fru"), (0.2, "M001", "xxx"))
        )
        put(f"{folder}/dialog/EmoEvaluation/{dialogue}.txt", text="% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n" + labels)
        texts = f"{dialogue}_F000 [000.0-000.3]: Excuse me.\nM: [000.1]: Well\n{dialogue}_M000 [000.1-000.4]: [LAUGHTER] No!\n"
        put(f"{folder}/dialog/transcriptions/{dialogue}.txt", text=texts)
        put(f"{folder}/dialog/avi/DivX/{dialogue}.avi", "film")
        for who in ("F000", "M000", "M001"):
            put(f"{folder}/sentences/wav/{dialogue}/{dialogue}_{who}.wav", "sound")


def esd(put: Put) -> None:
    put("0001/0001.txt", text="0001_000351\t他对谁都那么友好。\t愤怒\n".encode("gb2312"))
    put("0001/Angry/0001_000351.wav", "sound")
    put("0011/0011.txt", text="0011_000021\tThe nine the eggs, I keep.\tNeutral\r\n0011_001101 Tom could hear. Sad\r\n".encode("utf-16"))
    put("0011/Neutral/test/0011_000021.wav", "sound")
    put("0011/Sad/train/0011_001101.wav", "sound")


def nemo(put: Put) -> None:
    names = ["WR0_surprised_64", "WR0_neutral_63", "EB0_anger_13"]
    texts = ["Ucho wykrywa, co słyszy.", "Dzień dobry.", "„Tak” powiedziała."]
    people = ["male\t23", "male\t23", "female\t27"]
    rows = "".join(
        f"{name}.wav\t{name.split('_')[1]}\t{text}\t\t        {name[:3]}\t{person}\n"
        for name, text, person in zip(names, texts, people, strict=True)
    )
    put("data.tsv", text="file_id\temotion\traw_text\tnormalized_text\tspeaker_id\tgender\tage\n" + rows)
    for name in names:
        put(f"samples/{name}.wav", "sound")


TREES = {
    "crema-d": crema_d, "esd": esd, "glips": glips, "grid": grid, "hdtf": hdtf, "iemocap": iemocap, "lrs3": lrs3, "lrw": lrw,
    "mead": mead, "meld": meld, "nemo": nemo, "voxceleb2": voxceleb2,
}  # fmt: skip
EXPECTED = {
    "crema-d": {
        "1001_IEO_NEU_XX": ("1001", "en-us", "It's eleven o'clock.", "train", "neutral", 0.0, "male"),
        "1001_IEO_HAP_LO": ("1001", "en-us", "It's eleven o'clock.", "train", "happy", 0.5738, "male"),
        "1001_IEO_ANG_LO": ("1001", "en-us", "It's eleven o'clock.", "train", "angry", 0.5738, "male"),  # the mean of what LO got
        "1002_TIE_ANG_XX": ("1002", "en-us", "That is exactly what happened.", "train", "angry", 0.6925, "female"),  # a tie with disgust
        "1002_TIE_FEA_XX": ("1002", "en-us", "That is exactly what happened.", "train", "fearful", None, "female"),  # nobody heard fear
        "1040_ITH_SAD_XX": ("1040", "en-us", "I think I have a doctor's appointment.", "train", "sad", 0.5, "female"),
    },
    "meld": {
        "train-dia0_utt0": ("Ross", "en-us", "Oh, it’s you.", "train", "happy", None, "male"),
        "train-dia0_utt1": ("Mark", "en-us", "Why?", "train", "angry", None, None),
        "valid-dia0_utt3": ("Monica", "en-us", "Stop!", "valid", "surprised", None, "female"),
        "test-dia0_utt0": ("Phoebe", "en-us", "No.", "test", "disgusted", None, "female"),
    },
    "lrs3": {
        "pretrain-talkA-00001": ("talkA", "en-us", "we   laugh", "train", None, None, None),
        "trainval-talkB-50001": ("talkB", "en-us", "so it is", "train", None, None, None),
        "test-talkC-00001": ("talkC", "en-us", "thank you", "test", None, None, None),
    },
    "lrw": {
        "train-ABOUT_00001": ("", "en-gb", "about", "train", None, None, None),
        "val-ABOUT_00001": ("", "en-gb", "about", "valid", None, None, None),
        "test-ABOUT_00001": ("", "en-gb", "about", "test", None, None, None),
    },
    "glips": {
        "train-aufgaben_0001-0863": ("", "de", "aufgaben", "train", None, None, None),
        "val-aufgaben_0001-0863": ("", "de", "aufgaben", "valid", None, None, None),
    },
    "mead": {
        "M003-angry-level_2-001": ("M003", "en-us", "", "train", "angry", 2 / 3, "male"),
        "M003-neutral-level_1-004": ("M003", "en-us", "", "train", "neutral", 0.0, "male"),
        "W009-contempt-level_3-002": ("W009", "en-us", "", "train", "disgusted", 1.0, "female"),
    },
    "hdtf": {
        "RD-Radio1-0": ("Radio1", "en-us", "", "train", None, None, None),
        "RD-Radio11-0": ("Radio11", "en-us", "", "train", None, None, None),
        "RD-Radio11-1": ("Radio11", "en-us", "", "train", None, None, None),
        "WDA-JackReed1-0": ("JackReed", "en-us", "", "train", None, None, None),
        "WRA-PeterKing-0": ("PeterKing", "en-us", "", "train", None, None, None),
    },
    "grid": {
        "s1-bbaf2n": ("s1", "en-gb", "bin blue at f two now", "test", None, None, "male"),
        "s4-lwbsza": ("s4", "en-gb", "lay white by s zero again", "train", None, None, "female"),
    },
    "voxceleb2": {
        "id00012-21Uxsk56VDQ-00001": ("id00012", "und", "", "train", None, None, "male"),
        "id00017-01dfn2spqyE-00001": ("id00017", "und", "", "test", None, None, "female"),
    },
    "iemocap": {
        f"Ses0{session}F_impro01_{who}": (
            f"Ses0{session}{who[0]}", "en-us", text, "test" if session == 5 else "train", emotion, None, gender,
        )
        for session in range(1, 6)
        for who, text, emotion, gender in (
            ("F000", "Excuse me.", "neutral", "female"), ("M000", "No!", "angry", "male"), ("M001", "", None, "male"),
        )
    },
    "esd": {
        "0001_000351": ("0001", "cmn", "他对谁都那么友好。", "valid", "angry", None, "female"),
        "0011_000021": ("0011", "en-us", "The nine the eggs, I keep.", "test", "neutral", None, "male"),
        "0011_001101": ("0011", "en-us", "Tom could hear.", "train", "sad", None, "male"),
    },
    "nemo": {
        "WR0_surprised_64": ("WR0", "pl", "Ucho wykrywa, co słyszy.", "train", "surprised", None, "male"),
        "WR0_neutral_63": ("WR0", "pl", "Dzień dobry.", "test", "neutral", None, "male"),  # every ninth sentence
        "EB0_anger_13": ("EB0", "pl", "„Tak” powiedziała.", "judge", "angry", None, "female"),
    },
}  # fmt: skip
SOUND_ALONE = ("esd", "nemo")
LEFT_OUT = {"hdtf": {"RD-Radio1-0": "there is no file Radio1.mp4", "WRA-PeterKing-0": "PeterKing.mp4 ends 20.0 s before the excerpt does"}}


@pytest.fixture(params=PUBLISHED_AS_CLIPS)
def name(request) -> str:
    return request.param


@pytest.fixture
def tree(name, tmp_path, sound, film) -> Path:
    root = tmp_path / "published"
    root.mkdir()

    def put(path: str, kind: str = "", text: str | bytes = "") -> None:
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if kind:
            shutil.copy({"sound": sound, "film": film}[kind], place)
        elif isinstance(text, bytes):
            place.write_bytes(text)
        else:
            place.write_text(text, encoding="utf-8")

    TREES[name](put)
    return root


def test_what_the_reader_tells_of_every_clip(name, tree):
    assert {clip_id: told(clip) for clip_id, clip in read(name, tree).items()} == EXPECTED[name]


def test_a_corpus_is_made_with_sound_face_and_phonemes(name, tree, tmp_path, face_everywhere):
    out = tmp_path / "out"
    clips = prepare_corpus(name, tree, out, processes(1))
    assert [clip.id for clip in read_manifest(out)] == [clip.id for clip in clips]
    gone = LEFT_OUT.get(name, {})
    assert {clip.id for clip in clips} == set(EXPECTED[name]) - set(gone)
    for clip in clips:
        assert clip.corpus == name
        assert clip.licence
        assert clip.emotion is None or clip.emotion in EMOTIONS
        assert len(read_audio(out / clip.audio)) == pytest.approx(8000, abs=1000)
        assert (clip.phonemes is not None) == (clip.text != "" and clip.language != "cmn")
        if name in SOUND_ALONE:
            assert clip.image is None
        else:
            assert read_image(out / clip.image).shape == (224, 224, 3)
    rows = dict(line.split("\t")[::3] for line in (out / "left_out.tsv").read_text().splitlines()[1:])
    assert rows == gone


def test_a_folder_inside_the_unpacked_archive_is_found_too(name, tree):
    if name == "meld":
        pytest.skip("its tree has such folders itself")
    assert len(read(name, tree.parent)) == len(EXPECTED[name])


def test_no_folder_and_an_empty_one_say_what_is_missing_and_where_to_ask(name, tmp_path):
    (tmp_path / "empty").mkdir()
    for source, words in ((tmp_path / "nothing", "there is no folder"), (tmp_path / "empty", "has no ")):
        with pytest.raises(MissingCorpus, match=words) as raised:
            read(name, source)
        assert "(https://" in str(raised.value)
        assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "gone", "words"),
    [
        ("crema-d", "processedResults", "has no processedResults/summaryTable.csv"),
        ("crema-d", "AudioWAV", r"has no AudioWAV/\*\.wav"),
        ("meld", "dev", "has no dev_splits_complete"),
        ("meld", "test_sent_emo.csv", "has no test_sent_emo.csv"),
        ("lrs3", "test", r"has no test/\*/\*\.txt"),
        ("mead", "W009/video", "not unpacked for W009"),
        ("hdtf", "videos", "fetch the films"),
        ("hdtf", "HDTF_dataset/WDA_annotion_time.txt", "has no HDTF_dataset/WDA"),
        ("voxceleb2", "vox2_meta.csv", "has no vox2_meta.csv"),
        ("iemocap", "IEMOCAP_full_release/Session4/dialog/EmoEvaluation", "has no Session4/dialog/EmoEvaluation"),
        ("iemocap", "IEMOCAP_full_release/Session2/dialog/transcriptions/Ses02F_impro01.txt", "there is no .*Ses02F_impro01.txt"),
        ("esd", "0011/0011.txt", "there is no 0011.txt"),
        ("nemo", "data.tsv", "has no data.tsv"),
        ("nemo", "samples", "has none of the sounds that data.tsv lists"),
    ],
)
def test_half_unpacked(name, tree, gone, words):
    path = tree / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(MissingCorpus, match=words):
        read(name, tree)


@pytest.mark.parametrize(
    ("name", "table", "old", "new", "words"),
    [
        ("crema-d", "VideoDemographics.csv", "Sex", "Gender", "has no column Sex, only ActorID, Age, Gender"),
        ("crema-d", "SentenceFilenames.csv", "1001_IEO_HAP_LO", "portrait", "'portrait', which is no clip's name"),
        ("crema-d", "SentenceFilenames.csv", "1001_IEO_HAP_LO", "1001_XXX_HAP_LO", "actor or sentence is unknown"),
        ("meld", "dev_sent_emo.csv", "Emotion", "Feeling", "has no column Emotion"),
        ("meld", "dev_sent_emo.csv", "00:16:16,059", "soon", "'soon' in a table is not a time"),
        ("voxceleb2", "vox2_meta.csv", "Gender", "Sex", "has no column Gender"),
        ("voxceleb2", "vox2_meta.csv", ",f ,test ", "", "row 3 of .* has fewer values"),
        ("nemo", "data.tsv", "emotion", "feeling", "has no column emotion"),
        ("nemo", "data.tsv", "speaker_id", "speaker", "has no column speaker_id"),
        ("nemo", "data.tsv", "EB0_anger_13.wav", "portrait.wav", "'portrait.wav', which is no clip's name"),
        ("hdtf", "HDTF_dataset/RD_annotion_time.txt", "01:30-02:30", "later", "has 'later' where times"),
    ],
)
def test_wrong_tables(name, tree, table, old, new, words):
    path = tree / table
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(MissingCorpus, match=words):
        read(name, tree)


@pytest.mark.parametrize("name", ["crema-d"])
def test_a_table_that_is_no_text(name, tree):
    (tree / "VideoDemographics.csv").write_bytes(bytes(np.arange(256, dtype=np.uint8)) * 4)
    with pytest.raises(MissingCorpus, match="is not the published table"):
        read(name, tree)


@pytest.mark.parametrize("name", ["crema-d"])
def test_pointers_of_a_clone_without_its_large_files(name, tree):
    for sound in (tree / "AudioWAV").iterdir():
        sound.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    with pytest.raises(MissingCorpus, match="git lfs pull"):
        read(name, tree)


@pytest.mark.parametrize("name", ["iemocap"])
def test_who_speaks_is_seen_in_the_right_half(name, tree):
    from feim.data.corpora import iemocap

    seen = {utterance.name[-4:]: utterance.video for utterance in iemocap.read(tree)}
    assert seen["F000"].crop == "iw/2:ih:0:0"
    assert seen["M000"].crop == "iw/2:ih:iw/2:0"
    assert (seen["M000"].start, seen["M000"].end) == (0.1, 0.4)


@pytest.mark.parametrize("name", ["crema-d"])
def test_every_twelfth_actor_is_kept_for_tests(name, tree):
    put = (tree / "SentenceFilenames.csv").open("a")
    with put:
        put.write('7,"1058_IEO_NEU_XX"\n8,"1059_IEO_NEU_XX"\n')
    clips = read(name, tree)
    assert [clip.speaker for clip in clips.values() if clip.split == "test"] == ["1058"]  # the twelfth of thirteen


@pytest.mark.parametrize("name", ["lrs3"])
def test_one_damaged_text_leaves_its_sound_without_words(name, tree):
    for damage in (b"", b"\xff\xfe\x00", b"Words: NO\n"):
        (tree / "test" / "talkC" / "00001.txt").write_bytes(damage)
        found = read(name, tree)
        assert found["test-talkC-00001"].text == ""
        assert found["trainval-talkB-50001"].text == "so it is"


@pytest.mark.parametrize("name", ["mead"])
def test_a_strange_folder_is_named(name, tree):
    sound = next(tree.rglob("*.m4a"))
    sound.parents[1].rename(sound.parents[1].with_name("weird"))
    with pytest.raises(MissingCorpus, match=r"audio/weird is no folder of an emotion's; give the unpacked MEAD"):
        read(name, tree)


@pytest.mark.parametrize("name", ["mead"])
def test_folders_without_recordings_are_refused_with_the_address(name, tree, tmp_path):
    for sound in tree.rglob("*.m4a"):
        sound.unlink()
    with pytest.raises(MissingCorpus, match=r"none of its recordings; give the unpacked MEAD folder \(https"):
        prepare_corpus(name, tree, tmp_path / "out", processes(1))
    assert not (tmp_path / "out").exists()
