"""Students are told apart by the order in which they showed their signs."""

import numpy as np
import pytest
from PIL import Image

from foursplit.core.errors import FoursplitError
from foursplit_courses.datasets.signs_to_photos import CAMERA, TIME, identify_students, shot_number
from foursplit_courses.transforms import jpeg


def photo(folder, sign, shot, time, camera="iPhone 7"):
    path = folder / str(sign) / f"IMG_{shot}.JPG"
    path.parent.mkdir(exist_ok=True)
    picture = Image.new("RGB", (4, 4))
    tags = picture.getexif()
    if time:
        tags[CAMERA], tags[TIME] = camera, f"2017:12:14 10:00:{time:02}"
    picture.save(path, exif=tags)
    return path


def test_a_lower_sign_begins_the_next_student(tmp_path):
    # Two students: 0, 1, 1 (shown again), 5; then 0, 2. Names sort in another order.
    shots = [(0, 10, 1), (1, 9, 2), (1, 8, 3), (5, 7, 4), (0, 6, 5), (2, 5, 6)]
    found = identify_students(sorted(photo(tmp_path, *shot) for shot in shots))
    assert found["sign"].tolist() == [0, 1, 1, 5, 0, 2]
    assert found["sitting"].tolist() == ["student 0"] * 4 + ["student 1"] * 2
    assert set(found["day"]) == {"2017-12-14"}


def test_shots_of_one_second_follow_by_number_and_not_by_name(tmp_path):
    # By name IMG_10 comes before IMG_9, and sign 3 would begin a student of its own.
    paths = [photo(tmp_path, 3, 9, 1), photo(tmp_path, 4, 10, 1)]
    assert identify_students(paths[::-1])["sitting"].nunique() == 1


def test_a_photo_without_its_time_is_refused(tmp_path):
    with pytest.raises(FoursplitError, match="EXIF"):
        identify_students([photo(tmp_path, 0, 1, None)])


def test_a_name_without_a_number_is_refused(tmp_path):
    assert shot_number(tmp_path / "1_IMG_6227 (1).jpg") == 6227
    with pytest.raises(FoursplitError, match="names no shot"):
        shot_number(tmp_path / "hand.jpg")


def test_a_photo_of_another_size_is_refused(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).save(path)
    assert jpeg.read([path], 4)[0].tolist() == np.arange(48).reshape(4, 4, 3).tolist()
    with pytest.raises(FoursplitError, match="must be 5 by 5"):
        jpeg.read([path], 5)
