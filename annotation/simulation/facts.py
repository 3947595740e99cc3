"""What is true in the demo's world: small tables, in English and Chinese, written for it."""

COLOURS = {
    "a lemon": "yellow", "butter": "yellow", "the sun": "yellow", "snow": "white", "milk": "white",
    "salt": "white", "grass": "green", "a frog": "green", "coal": "black", "a crow": "black",
    "blood": "red", "a tomato": "red", "a strawberry": "red", "the sky": "blue", "the sea": "blue",
    "a carrot": "orange", "chocolate": "brown", "a pig": "pink",
}  # fmt: skip

OPPOSITES = [
    ("hot", "cold"), ("big", "small"), ("fast", "slow"), ("happy", "sad"), ("old", "young"),
    ("wet", "dry"), ("full", "empty"), ("hard", "soft"), ("light", "dark"), ("rich", "poor"),
    ("strong", "weak"), ("clean", "dirty"),
]  # fmt: skip

PLURALS = {
    "mouse": "mice", "foot": "feet", "tooth": "teeth", "goose": "geese", "child": "children",
    "man": "men", "woman": "women", "leaf": "leaves", "knife": "knives", "wolf": "wolves",
    "city": "cities", "story": "stories", "box": "boxes", "potato": "potatoes",
}  # fmt: skip

CAPITALS = {
    "France": "Paris", "Italy": "Rome", "Spain": "Madrid", "Germany": "Berlin", "China": "Beijing",
    "Japan": "Tokyo", "Egypt": "Cairo", "Greece": "Athens", "Russia": "Moscow", "England": "London",
    "Peru": "Lima", "Kenya": "Nairobi", "Norway": "Oslo", "Austria": "Vienna", "Ireland": "Dublin",
    "Canada": "Ottawa",
}  # fmt: skip

SOUNDS = {
    "cow": "moo", "dog": "woof", "cat": "meow", "duck": "quack", "sheep": "baa", "pig": "oink",
    "bee": "buzz", "lion": "roar", "snake": "hiss", "mouse": "squeak",
}  # fmt: skip

YOUNG = {
    "cow": "calf", "dog": "puppy", "cat": "kitten", "sheep": "lamb", "horse": "foal", "bear": "cub",
    "duck": "duckling", "frog": "tadpole",
}  # fmt: skip

LEGS = {
    "dog": 4, "cat": 4, "horse": 4, "cow": 4, "hen": 2, "duck": 2, "spider": 8, "octopus": 8,
    "ant": 6, "bee": 6, "snake": 0, "worm": 0,
}  # fmt: skip

BY_SIZE = ["an ant", "a mouse", "a cat", "a sheep", "a horse", "an elephant", "a whale"]

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
]  # fmt: skip

WISHES = [
    "a glass of water", "a pen", "the salt", "a chair", "the bill", "a map", "some tea", "a towel",
    "a spoon", "an umbrella", "a blanket", "the menu", "a ticket", "some bread",
]  # fmt: skip

REASONS = {
    "people wear coats": "to keep warm",
    "people sleep": "to rest the body",
    "people eat food": "to get energy",
    "people wash their hands": "to stay clean",
    "people use umbrellas": "to stay dry",
    "people read books": "to learn new things",
    "birds build nests": "to raise their chicks",
    "birds have wings": "to fly in the air",
    "fish have fins": "to swim in water",
    "bees visit flowers": "to collect nectar",
    "cars have brakes": "to stop safely",
    "houses have roofs": "to keep the rain out",
    "doors have locks": "to keep thieves out",
    "ships have sails": "to catch the wind",
}

COLOURS_ZH = {
    "柠檬": "黄色", "香蕉": "黄色", "雪": "白色", "牛奶": "白色", "草": "绿色", "煤": "黑色",
    "番茄": "红色", "天空": "蓝色",
}  # fmt: skip
OPPOSITES_ZH = [("热", "冷"), ("大", "小"), ("快", "慢"), ("高", "低"), ("新", "旧"),
]  # fmt: skip
CAPITALS_ZH = {
    "法国": "巴黎", "中国": "北京", "日本": "东京", "英国": "伦敦", "德国": "柏林",
    "意大利": "罗马",
}  # fmt: skip
DAYS_ZH = ["星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"]
LEGS_ZH = {"狗": 4, "猫": 4, "鸡": 2, "蜘蛛": 8, "蚂蚁": 6, "蛇": 0}
WISHES_ZH = ["一杯水", "一支笔", "一把伞", "一本书", "一张票", "一碗饭"]
